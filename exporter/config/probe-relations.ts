import { isIP } from 'node:net'
import { DEFAULT_MODULE, HTTP_KEYS, TLS_KEYS } from './module-schema.ts'
import { fillProbeUrl, type ProbeUrl, parseProbeUrl } from './probe-url.ts'
import { type ConfigPath, type Problem, show } from './problems.ts'
import { didYouMean } from './suggest.ts'
import { parseDuration } from './units.ts'
import { field, list } from './written.ts'

/** Settings of a backend that count only for one that is probed. */
const PROBE_KEYS = ['module', 'interval', 'timeout', 'rise', 'fall'] as const
const DEFAULT_INTERVAL = '15s'
const DEFAULT_TIMEOUT = '3s'

/**
 * What is wrong between backends, modules, front doors and the rest of what is said of probes. Takes values
 * as they were written, valid or not.
 */
export function probeProblems(value: unknown): readonly Problem[] {
  return [
    ...moduleProblems(value),
    ...backendProblems(value),
    ...targetProblems(value),
    ...discoveryProblems(value),
    ...timeProblems(value, ['probes'], field(value, 'probes')),
  ]
}

/** Whether a configuration names anything to probe. */
export function hasProbes(value: unknown): boolean {
  return (
    list(field(value, 'backends')).some((backend) => field(backend, 'probe') !== undefined) ||
    list(field(value, 'targets')).length > 0 ||
    list(field(field(value, 'probes'), 'targets_files')).length > 0
  )
}

function moduleProblems(value: unknown): readonly Problem[] {
  const modules = list(field(value, 'modules'))
  const names = modules.map((module) => field(module, 'name'))
  return modules.flatMap((module, index): readonly Problem[] => {
    const at = (key: string): ConfigPath => ['modules', index, key]
    const has = (key: string) => field(module, key) !== undefined
    const problems: Problem[] = []
    const name = names[index]
    const first = names.indexOf(name)
    if (typeof name === 'string' && first < index) {
      const message = `${show(name)} is already the name of modules[${first}]`
      problems.push({ path: at('name'), at: 'value', message })
    }
    for (const [one, other] of [
      ['cert_file', 'key_file'],
      ['key_file', 'cert_file'],
    ] as const) {
      if (has(one) && !has(other))
        problems.push({ path: at(one), at: 'key', message: `needs ${other}` })
    }
    if (has('expect_body') && field(module, 'method') === 'HEAD') {
      problems.push({
        path: at('expect_body'),
        at: 'key',
        message: 'the answer to HEAD has no body',
      })
    }
    return problems
  })
}

function backendProblems(value: unknown): readonly Problem[] {
  return list(field(value, 'backends')).flatMap((backend, index): readonly Problem[] => {
    const path: ConfigPath = ['backends', index]
    const written = field(backend, 'probe')
    if (written === undefined) {
      return PROBE_KEYS.filter((key) => field(backend, key) !== undefined).map((key) => ({
        path: [...path, key],
        at: 'key',
        message: 'counts only with probe',
      }))
    }
    const url = typeof written === 'string' ? parseProbeUrl(written) : undefined
    return [
      ...moduleOf(value, field(backend, 'module'), [...path, 'module'], url),
      ...timeProblems(value, path, backend),
    ]
  })
}

function targetProblems(value: unknown): readonly Problem[] {
  const targets = list(field(value, 'targets'))
  const backends = list(field(value, 'backends')).map((backend) => field(backend, 'name'))
  const names = targets.map((target) => field(target, 'name'))
  return targets.flatMap((target, index): readonly Problem[] => {
    const path: ConfigPath = ['targets', index]
    const problems: Problem[] = []
    const name = names[index]
    const at = { path: [...path, 'name'], at: 'value' } as const
    if (typeof name === 'string' && names.indexOf(name) < index) {
      const message = `${show(name)} is already the name of targets[${names.indexOf(name)}]`
      problems.push({ ...at, message })
    } else if (typeof name === 'string' && backends.includes(name)) {
      const message = `${show(name)} is already the name of backends[${backends.indexOf(name)}]`
      problems.push({ ...at, message })
    }
    const rungs = list(field(target, 'probes'))
    rungs.forEach((rung, place) => {
      if (rungs.indexOf(rung) === place) return
      const message = `${show(rung)} is given twice`
      problems.push({ path: [...path, 'probes', place], at: 'value', message })
    })
    const compare = field(target, 'compare')
    const module = field(target, 'compare_module')
    if (compare === undefined && module !== undefined) {
      const message = 'counts only with compare'
      problems.push({ path: [...path, 'compare_module'], at: 'key', message })
    }
    const url = typeof compare === 'string' ? parseProbeUrl(compare) : undefined
    problems.push(...moduleOf(value, module, [...path, 'compare_module'], url))
    return [...problems, ...timeProblems(value, path, target)]
  })
}

function discoveryProblems(value: unknown): readonly Problem[] {
  return list(field(value, 'sources')).flatMap((source, index): readonly Problem[] => {
    const path: ConfigPath = ['sources', index]
    if (field(source, 'discover') !== true) {
      return ['discover_probe', 'discover_module']
        .filter((key) => field(source, key) !== undefined)
        .map((key) => ({ path: [...path, key], at: 'key', message: 'counts only with discover' }))
    }
    const at = { path: [...path, 'discover'], at: 'key' } as const
    const url = field(source, 'url')
    if (url === undefined) return [{ ...at, message: 'counts only with url' }]
    const isPage = field(source, 'dialect') === 'haproxy-stats' && /^http:/.test(String(url))
    if (isPage) {
      const message = 'the Prometheus page names no addresses: ask the runtime socket (unix:/PATH)'
      return [{ ...at, message }]
    }
    const pattern = field(source, 'discover_probe')
    const probe = typeof pattern === 'string' ? fillProbeUrl(pattern, '127.0.0.1:1') : undefined
    return moduleOf(value, field(source, 'discover_module'), [...path, 'discover_module'], probe)
  })
}

/** Whether there is a module of that name, and whether it says anything that a probe has not. */
function moduleOf(
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

/** A probe must be over before the next one is due. */
function timeProblems(value: unknown, path: ConfigPath, own: unknown): readonly Problem[] {
  const general = field(value, 'probes')
  const interval = field(own, 'interval') ?? field(general, 'interval') ?? DEFAULT_INTERVAL
  const timeout = field(own, 'timeout') ?? field(general, 'timeout') ?? DEFAULT_TIMEOUT
  const key = field(own, 'timeout') === undefined ? 'interval' : 'timeout'
  if (field(own, key) === undefined) return []
  const [intervalMs, timeoutMs] = [interval, timeout].map((one) =>
    typeof one === 'string' ? parseDuration(one) : undefined,
  )
  if (intervalMs === undefined || timeoutMs === undefined || timeoutMs < intervalMs) return []
  const message = `a timeout of ${show(timeout)} is not over when the next probe is due after ${show(interval)}`
  return [{ path: [...path, key], at: 'value', message }]
}
