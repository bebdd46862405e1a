/** What balancers that are asked named last, and what of it is to be probed. */
import { isDeepStrictEqual } from 'node:util'
import type { Upstream } from '../../qlog-parsers/index.ts'
import type { ProbingMetrics } from '../collectors/probing.ts'
import type { Config, SourceConfig } from '../config/schema.ts'
import { discover } from './discovered.ts'
import type { Named } from './wanted.ts'

type DiscoveryConfig = Pick<Config, 'sources' | 'backends'>

interface Found {
  /** Index of the source in the metric store. */
  readonly source: number
  readonly upstreams: readonly Upstream[]
}

export class Discoveries {
  readonly #metrics: ProbingMetrics
  /** By name of the source, in the order in which they were heard of. */
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

  /** All that are to be probed; how many, and how many not, is put on the page. */
  named(config: DiscoveryConfig): readonly Named[] {
    return [...this.#found].flatMap(([name, { source, upstreams }]) => {
      const settings = settingsOf(config, name)
      if (settings === undefined) return []
      const { targets, refused } = discover(upstreams, settings.probe, config.backends)
      this.#metrics.discovered(source, targets.length, refused)
      return targets.map((target) => ({ ...target, module: settings.module }))
    })
  }
}

function settingsOf({ sources }: DiscoveryConfig, name: string): SourceConfig['discover'] {
  return sources.find((source) => source.name === name)?.discover
}
