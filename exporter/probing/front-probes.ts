/** All front doors under probe, and how they change: what stays the same is left alone. */
import { isDeepStrictEqual } from 'node:util'
import type { MetricStore } from '../metrics/store.ts'
import type { Prober, QuicProber, QuicTarget } from '../probers/prober.ts'
import type { QuicRung } from '../probers/quic/ladder.ts'
import type { BackendTarget } from '../probers/target.ts'
import { ComparisonProbe, comparedProbers } from './comparison-probe.ts'
import { type FrontSpec, possibleFrontFailures, seesRetries } from './front-spec.ts'
import { type FrontProbeParts, RungProbe } from './rung-probe.ts'
import type { Scheduler } from './scheduler.ts'

export interface FrontProbesParts extends FrontProbeParts {
  readonly store: MetricStore
  readonly scheduler: Scheduler
  readonly make: (target: BackendTarget) => Prober
  readonly climb: (rung: QuicRung, target: QuicTarget, timeoutMs: number) => QuicProber
}

/** One front door under probe. */
export interface Front {
  readonly spec: FrontSpec
  readonly owner: number
  readonly rungs: readonly RungProbe[]
  readonly comparison: ComparisonProbe | undefined
}

export class FrontProbes {
  readonly #parts: FrontProbesParts
  readonly #fronts = new Map<string, Front>()

  constructor(parts: FrontProbesParts) {
    this.#parts = parts
  }

  get all(): readonly Front[] {
    return [...this.#fronts.values()]
  }

  get size(): number {
    return this.#fronts.size
  }

  get(name: string): Front | undefined {
    return this.#fronts.get(name)
  }

  /** What asks one rung of a front door, whether it is asked regularly or not. */
  proberOf({ target, timeoutMs }: FrontSpec, rung: QuicRung): QuicProber {
    return this.#parts.climb(rung, target, timeoutMs)
  }

  /** From now on these are probed and no others. */
  change(specs: readonly FrontSpec[]): void {
    for (const front of this.all) {
      const spec = specs.find(({ name }) => name === front.spec.name)
      if (!isDeepStrictEqual(spec, front.spec)) this.#drop(front)
    }
    for (const spec of specs) if (!this.#fronts.has(spec.name)) this.#add(spec)
  }

  #add(spec: FrontSpec): void {
    const { store, scheduler, make, climb, metrics } = this.#parts
    const { name, target, rungs, timeoutMs, compare } = spec
    const owner = store.owner(name, 'target')
    const front: Front = {
      spec,
      owner,
      rungs: rungs.map(
        (rung) => new RungProbe(rung, spec, owner, climb(rung, target, timeoutMs), this.#parts),
      ),
      comparison:
        compare && new ComparisonProbe(spec, owner, comparedProbers(compare, make), this.#parts),
    }
    metrics.opened({
      owner,
      probes: possibleFrontFailures(spec),
      retries: seesRetries(spec),
      compares: compare !== undefined,
    })
    this.#fronts.set(name, front)
    for (const job of jobsOf(front)) scheduler.add(job)
  }

  #drop(front: Front): void {
    const { store, scheduler } = this.#parts
    for (const job of jobsOf(front)) {
      scheduler.remove(job)
      job.halt()
    }
    this.#fronts.delete(front.spec.name)
    store.dropOwner(front.owner)
  }

  /** Ends turns that are going on; nothing is told any more. */
  halt(): void {
    for (const front of this.all) for (const job of jobsOf(front)) job.halt()
  }
}

function jobsOf({ rungs, comparison }: Front): readonly (RungProbe | ComparisonProbe)[] {
  return comparison === undefined ? rungs : [...rungs, comparison]
}
