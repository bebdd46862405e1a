/** Which backends are to be probed, by all that name any: the first that names one says how. */

import { fits, type ModuleOf } from '../config/modules.ts'
import type { ProbeUrl } from '../config/probe-url.ts'
import type { Config } from '../config/schema.ts'
import type { FileTarget } from '../config/targets-file.ts'
import { type BackendSpec, backendSpec, configuredSpecs } from './backend-spec.ts'

/** A backend that something else than the configuration names. */
export interface Named {
  readonly name: string
  readonly url: ProbeUrl
  readonly module: string | undefined
}

export interface Wanted {
  readonly specs: ReadonlyMap<string, BackendSpec>
  /** One line for each that is not probed, and why. */
  readonly refused: readonly string[]
}

export function wantedBackends(
  config: Pick<Config, 'backends' | 'probes' | 'targets'>,
  moduleOf: ModuleOf,
  inFiles: readonly FileTarget[],
  discovered: (taken: ReadonlySet<string>) => readonly Named[],
): Wanted {
  const specs = new Map(configuredSpecs(config, moduleOf).map((spec) => [spec.name, spec]))
  const fronts = new Set(config.targets.map(({ name }) => name))
  const refused: string[] = []
  const add = ({ name, url, module: moduleName }: Named) => {
    const module = moduleOf(moduleName)
    if (module === undefined) refused.push(`${name}: there is no module ${moduleName}`)
    else if (fronts.has(name)) refused.push(`${name}: a front door has that name`)
    else if (specs.has(name)) refused.push(`${name}: it is probed already`)
    else if (!fits(url, module)) refused.push(`${name}: module ${module.name} does not fit`)
    else specs.set(name, backendSpec(name, url, module, config.probes))
  }
  for (const target of inFiles) add(target)
  for (const target of discovered(new Set(specs.keys()))) add(target)
  return { specs, refused }
}
