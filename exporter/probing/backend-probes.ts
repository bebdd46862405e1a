/** All backends under probe, and how they change: what stays the same is left alone. */
import type { MetricStore } from '../metrics/store.ts'
import type { Prober } from '../probers/prober.ts'
import type { BackendTarget } from '../probers/target.ts'
import { BackendProbe, type BackendProbeParts, questionOf } from './backend-probe.ts'
import { type BackendSpec, possibleFailures } from './backend-spec.ts'
import type { Scheduler } from './scheduler.ts'
import type { Verdicts } from './verdicts.ts'

export interface BackendProbesParts extends BackendProbeParts {
  readonly store: MetricStore
  readonly scheduler: Scheduler
  readonly make: (target: BackendTarget) => Prober
  /** What an earlier process knew. */
  readonly verdicts: Verdicts
}

export class BackendProbes {
  readonly #parts: BackendProbesParts
  readonly #probes = new Map<string, BackendProbe>()

  constructor(parts: BackendProbesParts) {
    this.#parts = parts
  }

  get all(): readonly BackendProbe[] {
    return [...this.#probes.values()]
  }

  get size(): number {
    return this.#probes.size
  }

  get(name: string): BackendProbe | undefined {
    return this.#probes.get(name)
  }

  /** From now on these are probed and no others. */
  change(wanted: ReadonlyMap<string, BackendSpec>): void {
    const { store, scheduler, metrics, verdicts } = this.#parts
    for (const probe of this.all) {
      const spec = wanted.get(probe.name)
      if (spec === undefined || questionOf(spec) !== probe.question) this.#drop(probe)
      else this.#adopt(probe, spec)
    }
    const made = [...wanted.values()]
      .filter(({ name }) => !this.#probes.has(name))
      .map((spec) => {
        const owner = store.owner(spec.name, 'backend')
        return new BackendProbe(spec, owner, this.#parts.make(spec.target), this.#parts)
      })
    metrics.opened(
      made.map(({ owner, spec }) => ({ owner, failures: possibleFailures(spec.target) })),
    )
    for (const probe of made) {
      this.#probes.set(probe.name, probe)
      const known = verdicts.take(probe.name, probe.question)
      if (known !== undefined) probe.restore(known.health, known.probedAtMs)
      scheduler.add(probe)
    }
  }

  /** Ends turns that are going on; nothing is told any more. */
  halt(): void {
    for (const probe of this.#probes.values()) probe.halt()
  }

  #adopt(probe: BackendProbe, spec: BackendSpec): void {
    const { scheduler } = this.#parts
    const isMoved = spec.intervalMs !== probe.intervalMs
    probe.adopt(spec)
    if (!isMoved) return
    // Its plan is one of another interval.
    scheduler.remove(probe)
    scheduler.add(probe)
  }

  #drop(probe: BackendProbe): void {
    const { store, scheduler } = this.#parts
    scheduler.remove(probe)
    probe.halt()
    this.#probes.delete(probe.name)
    store.dropOwner(probe.owner)
  }
}
