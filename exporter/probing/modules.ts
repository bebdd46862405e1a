/** The modules of a configuration by name, the one that is always there included. */
import { isDeepStrictEqual } from 'node:util'
import { DEFAULT_MODULE, moduleSchema } from '../config/module-schema.ts'
import type { ProbeUrl } from '../config/probe-url.ts'
import type { ModuleConfig } from '../config/schema.ts'

const BUILT_IN: ModuleConfig = moduleSchema.parse({ name: DEFAULT_MODULE })

export type ModuleOf = (name: string | undefined) => ModuleConfig | undefined

/** Without a name it gives the default module. */
export function modulesOf(modules: readonly ModuleConfig[]): ModuleOf {
  const byName = new Map([BUILT_IN, ...modules].map((module) => [module.name, module]))
  return (name = DEFAULT_MODULE) => byName.get(name)
}

/** Whether all that a module says can hold for a URL; the configuration is checked for that in its own words. */
export function fits({ scheme }: ProbeUrl, { http, tls }: ModuleConfig): boolean {
  const isHttp = scheme === 'http' || scheme === 'https'
  const isTls = scheme === 'https' || scheme === 'tls'
  return (
    (isHttp || isDeepStrictEqual(http, BUILT_IN.http)) &&
    (isTls || isDeepStrictEqual(tls, BUILT_IN.tls))
  )
}
