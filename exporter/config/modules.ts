/** The modules of a configuration by name, the one that is always there included. */
import { isIP } from 'node:net'
import { isDeepStrictEqual } from 'node:util'
import { DEFAULT_MODULE, moduleSchema } from './module-schema.ts'
import type { ProbeUrl } from './probe-url.ts'
import type { ModuleConfig } from './schema.ts'

const BUILT_IN: ModuleConfig = moduleSchema.parse({ name: DEFAULT_MODULE })

export type ModuleOf = (name: string | undefined) => ModuleConfig | undefined

/** Without a name it gives the default module. */
export function modulesOf(modules: readonly ModuleConfig[]): ModuleOf {
  const byName = new Map([BUILT_IN, ...modules].map((module) => [module.name, module]))
  return (name = DEFAULT_MODULE) => byName.get(name)
}

/** Whether all that a module says can hold for a URL; the configuration is checked for that in its own words. */
export function fits({ scheme, host }: ProbeUrl, { family, http, tls }: ModuleConfig): boolean {
  const isHttp = scheme === 'http' || scheme === 'https'
  const isTls = scheme === 'https' || scheme === 'tls'
  const version = isIP(host)
  return (
    (isHttp || isDeepStrictEqual(http, BUILT_IN.http)) &&
    (isTls || isDeepStrictEqual(tls, BUILT_IN.tls)) &&
    (version === 0 || family === 'any' || family === `ipv${version}`)
  )
}
