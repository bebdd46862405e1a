/** One rung of the ladder of QUIC probes at one front door: its turns, and what is told of them. */
import type { FrontProbeMetrics } from '../collectors/front-probes.ts'
import type { Logger } from '../logging.ts'
import type { QuicProbeResult, QuicProber } from '../probers/prober.ts'
import type { QuicRung } from '../probers/quic/ladder.ts'
import { attempt } from './attempt.ts'
import type { ProbeClock } from './clock.ts'
import type { FrontSpec } from './front-spec.ts'
import { placeOf } from './place.ts'
import type { Job } from './scheduler.ts'

export interface FrontProbeParts {
  readonly metrics: FrontProbeMetrics
  readonly clock: ProbeClock
  readonly log: Logger
}

export class RungProbe implements Job {
  readonly rung: QuicRung
  readonly offset: number
  readonly intervalMs: number
  readonly prober: QuicProber
  readonly #spec: FrontSpec
  readonly #owner: number
  readonly #parts: FrontProbeParts
  readonly #halting = new AbortController()
  /** Why the last one failed; empty if it did not. */
  #last: string | undefined
  /** A fault was told of; it would be the same with each probe. */
  #isFaulty = false

  constructor(
    rung: QuicRung,
    spec: FrontSpec,
    owner: number,
    prober: QuicProber,
    parts: FrontProbeParts,
  ) {
    this.rung = rung
    this.offset = placeOf(spec.name, rung)
    this.intervalMs = spec.intervalMs
    this.prober = prober
    this.#spec = spec
    this.#owner = owner
    this.#parts = parts
  }

  /** Why the last one failed, empty if it did not; undefined before the first. */
  get last(): string | undefined {
    return this.#last
  }

  /** Ends a turn that is going on; nothing is told any more. */
  halt(): void {
    this.#halting.abort()
  }

  async run(): Promise<void> {
    const result = await this.#look()
    if (this.#halting.signal.aborted) return
    this.#parts.metrics.probed(this.#owner, this.rung, result)
    this.#log(result)
  }

  async #look(): Promise<QuicProbeResult> {
    const { clock, log } = this.#parts
    const begun = clock.now()
    try {
      const options = { clock, halted: this.#halting.signal }
      return await attempt(this.prober, this.#spec.timeoutMs, options)
    } catch (error) {
      const about = { target: this.#spec.name, probe: this.rung, error }
      if (!this.#isFaulty) log.error('a probe failed by a fault of the exporter', about)
      this.#isFaulty = true
      const durationUs = Math.round((clock.now() - begun) * 1000)
      return { failure: 'other', why: 'a fault of the exporter', durationUs }
    }
  }

  /** What changes is told, not every probe. */
  #log({ failure, why }: QuicProbeResult): void {
    const before = this.#last
    this.#last = failure ?? ''
    if (this.#last === before) return
    const about = { target: this.#spec.name, probe: this.rung }
    if (failure === undefined) this.#parts.log.info('a front door answers', about)
    else {
      this.#parts.log.info('a front door does not answer as it should', {
        ...about,
        reason: failure,
        why,
      })
    }
  }
}
