/** One probe for somebody who asks: of something that is probed anyway, and nothing of it is counted. */

import { fits, type ModuleOf } from '../config/modules.ts'
import type { ModuleConfig } from '../config/schema.ts'
import type { ProbeResult, Prober, QuicProbeResult } from '../probers/prober.ts'
import { QUIC_RUNGS, type QuicRung } from '../probers/quic/ladder.ts'
import type { BackendTarget } from '../probers/target.ts'
import { attempt } from './attempt.ts'
import type { BackendProbes } from './backend-probes.ts'
import { possibleFailures, targetOf } from './backend-spec.ts'
import type { ProbeClock } from './clock.ts'
import type { Front, FrontProbes } from './front-probes.ts'
import { possibleFrontFailures } from './front-spec.ts'

/** Probes at once on demand, beside those that are due. */
const MOST_AT_ONCE = 16

/** What is asked for. */
export interface Ask {
  /** Name of a backend or a front door. */
  readonly target: string
  /** A module for a backend, a rung of the ladder for a front door; its own if there is none. */
  readonly module: string | undefined
  /** Milliseconds that there are for the answer. */
  readonly budgetMs: number
  readonly note: (line: string) => void
}

/** What came of it. A refusal says nothing of what was written. */
export type Answer =
  | { readonly type: 'refused'; readonly why: string }
  | { readonly type: 'busy' }
  | {
      readonly type: 'backend'
      readonly result: ProbeResult
      readonly failures: readonly string[]
      readonly protocol: string | undefined
    }
  | {
      readonly type: 'front'
      readonly result: QuicProbeResult
      readonly failures: readonly string[]
    }

export class OnDemand {
  readonly #backends: BackendProbes
  readonly #fronts: FrontProbes
  readonly #make: (target: BackendTarget) => Prober
  readonly #clock: ProbeClock
  #running = 0

  constructor(
    backends: BackendProbes,
    fronts: FrontProbes,
    make: (target: BackendTarget) => Prober,
    clock: ProbeClock,
  ) {
    this.#backends = backends
    this.#fronts = fronts
    this.#make = make
    this.#clock = clock
  }

  async ask(ask: Ask, moduleOf: ModuleOf): Promise<Answer> {
    const work = this.#workFor(ask, moduleOf)
    if (typeof work === 'string') return { type: 'refused', why: work }
    if (this.#running >= MOST_AT_ONCE) return { type: 'busy' }
    this.#running += 1
    try {
      return await work()
    } finally {
      this.#running -= 1
    }
  }

  /** What is to be done, or why nothing is. */
  #workFor(ask: Ask, moduleOf: ModuleOf): (() => Promise<Answer>) | string {
    const { target, module: name } = ask
    const front = this.#fronts.get(target)
    if (front !== undefined) {
      const rung = rungOf(front, name)
      return rung === undefined
        ? `a front door's module is one of: ${QUIC_RUNGS.join(', ')}`
        : () => this.#askFront(ask, front, rung)
    }
    const backend = this.#backends.get(target)
    if (backend === undefined) return 'target must be the name of something that is probed'
    const { spec, prober } = backend
    if (name === undefined) return () => this.#askBackend(ask, spec.target, prober, spec.timeoutMs)
    const module: ModuleConfig | undefined = moduleOf(name)
    if (module === undefined) return 'module must be the name of a configured module'
    if (!fits(spec.url, module)) return 'that module does not fit this target'
    const other = targetOf(spec.url, module)
    return () => this.#askBackend(ask, other, this.#make(other), spec.timeoutMs)
  }

  async #askBackend(
    { budgetMs, note }: Ask,
    target: BackendTarget,
    prober: Prober,
    timeoutMs: number,
  ): Promise<Answer> {
    const options = { clock: this.#clock, note }
    const result = await attempt(prober, Math.min(budgetMs, timeoutMs), options)
    return {
      type: 'backend',
      result,
      failures: possibleFailures(target),
      protocol: target.kind === 'http' ? target.http.version : undefined,
    }
  }

  async #askFront({ budgetMs, note }: Ask, front: Front, rung: QuicRung): Promise<Answer> {
    const { spec } = front
    const prober = this.#fronts.proberOf(spec, rung)
    const options = { clock: this.#clock, note }
    const result = await attempt(prober, Math.min(budgetMs, spec.timeoutMs), options)
    const failures = possibleFrontFailures({ ...spec, rungs: [rung] })[rung] ?? []
    return { type: 'front', result, failures }
  }
}

/** The rung that was named, else the highest that the front door is asked anyway. */
function rungOf({ spec }: Front, name: string | undefined): QuicRung | undefined {
  if (name !== undefined) return QUIC_RUNGS.find((rung) => rung === name)
  return QUIC_RUNGS.findLast((rung) => spec.rungs.includes(rung))
}
