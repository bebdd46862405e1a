import { isIP } from 'node:net'
import { DEFAULT_MODULE, HTTP_KEYS, TLS_KEYS } from './module-schema.ts'
import type { ProbeUrl } from './probe-url.ts'
import { type ConfigPath, type Problem, show } from './problems.ts'
import { didYouMean } from './suggest.ts'
import { field, list } from './written.ts'

/** Whether there is a module of that name, and whether it says anything that a probe has not. */
export function moduleProblem(
  value: unknown,
  name: unknown,
  path: ConfigPath,
  url: ProbeUrl | undefined,
): readonly Problem[] {
  if (typeof name !== 'string') return []
  const modules = list(field(value, 'modules'))
  const module = modules.find((one) => field(one, 'name') === name)
  if (module === undefined) {
    if (name === DEFAULT_MODULE) return []
    const names = modules.map((one) => String(field(one, 'name')))
    const message = `there is no module ${show(name)}${didYouMean(name, names)}`
    return [{ path, at: 'value', message }]
  }
  const reason = url === undefined ? undefined : misfit(url, (key) => field(module, key))
  return reason === undefined
    ? []
    : [{ path, at: 'value', message: `${show(name)} does not fit: ${reason}` }]
}

/** Why a module does not fit a URL: what it says would have no effect. */
function misfit({ scheme, host }: ProbeUrl, of: (key: string) => unknown): string | undefined {
  const family = of('address_family')
  const version = isIP(host)
  if (version !== 0 && /^ipv[46]$/.test(String(family)) && family !== `ipv${version}`) {
    return `${host} is no ${family} address`
  }
  const isHttp = scheme === 'http' || scheme === 'https'
  const isTls = scheme === 'https' || scheme === 'tls'
  const http = isHttp ? undefined : HTTP_KEYS.find((key) => of(key) !== undefined)
  if (http !== undefined) return `${http} is of HTTP, and ${scheme}:// is not`
  const tls = isTls ? undefined : TLS_KEYS.find((key) => of(key) !== undefined)
  return tls === undefined ? undefined : `${tls} is of TLS, and ${scheme}:// has none`
}
