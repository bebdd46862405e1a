/** What balancers that are asked named last, and what of it is to be probed. */
import { isDeepStrictEqual } from 'node:util'
import type { Upstream } from '../../qlog-parsers/index.ts'
import { BackendNames } from '../collectors/backend-names.ts'
import type { ProbingMetrics } from '../collectors/probing.ts'
import { fits, type ModuleOf } from '../config/modules.ts'
import type { Config, SourceConfig } from '../config/schema.ts'
import { discover } from './discovered.ts'
import type { Named } from './wanted.ts'

type DiscoveryConfig = Pick<Config, 'sources' | 'backends' | 'targets'>

interface Found {
  /** Index of the source in the metric store. */
  readonly source: number
  readonly upstreams: readonly Upstream[]
}

export class Discoveries {
  readonly #metrics: ProbingMetrics
  /** By name of the source. */
  readonly #found = new Map<string, Found>()

  constructor(metrics: ProbingMetrics) {
    this.#metrics = metrics
  }

  /** A balancer named its servers; whether it named others before. */
  heard(name: string, found: Found, config: DiscoveryConfig): boolean {
    if (settingsOf(config, name) === undefined) return false
    if (isDeepStrictEqual(this.#found.get(name), found)) return false
    this.#found.set(name, found)
    return true
  }

  /** A source names nothing any more; whether it did. */
  forget(name: string): boolean {
    const found = this.#found.get(name)
    if (found === undefined) return false
    this.#found.delete(name)
    this.#metrics.discovered(found.source, 0, {})
    return true
  }

  /** Forgets the sources that are no longer to name anything. */
  keep(config: DiscoveryConfig): void {
    for (const name of this.#found.keys()) {
      if (settingsOf(config, name) === undefined) this.forget(name)
    }
  }

  /**
   * All that are to be probed, of sources in the order of the configuration; how many, and how many not, is put
   * on the page. `taken`: names that something else says how to probe.
   */
  named(config: DiscoveryConfig, moduleOf: ModuleOf, taken: ReadonlySet<string>): readonly Named[] {
    const backends = new BackendNames(config.backends)
    const foreign = new Set(config.targets.map(({ name }) => name))
    const named = new Map<string, Named>()
    for (const { name, discover: settings } of config.sources) {
      const found = this.#found.get(name)
      const module = moduleOf(settings?.module)
      if (settings === undefined || found === undefined || module === undefined) continue
      const { targets, refused } = discover(found.upstreams, {
        pattern: settings.probe,
        fits: (url) => fits(url, module),
        backends,
        taken,
        foreign,
        named,
      })
      this.#metrics.discovered(found.source, targets.length, refused)
      for (const target of targets) {
        if (!named.has(target.name)) named.set(target.name, { ...target, module: module.name })
      }
    }
    return [...named.values()]
  }
}

function settingsOf({ sources }: DiscoveryConfig, name: string): SourceConfig['discover'] {
  return sources.find((source) => source.name === name)?.discover
}
