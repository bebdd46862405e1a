/** One backend under probe: its turns, its verdict, and what is told of both. */
import type { BackendProbeMetrics } from '../collectors/backend-probes.ts'
import type { Logger } from '../logging.ts'
import type { ProbePhase, ProbeResult, Prober } from '../probers/prober.ts'
import { attempt } from './attempt.ts'
import { type BackendSpec, possiblePhases } from './backend-spec.ts'
import type { ProbeClock } from './clock.ts'
import { digestOf, placeOf } from './place.ts'
import type { Job } from './scheduler.ts'
import { type Health, Verdict } from './verdict.ts'

export interface BackendProbeParts {
  readonly metrics: BackendProbeMetrics
  readonly clock: ProbeClock
  readonly log: Logger
}

export class BackendProbe implements Job {
  readonly name: string
  /** Index in the metric store. */
  readonly owner: number
  readonly offset: number
  /** Equal only for the same question to the same backend. */
  readonly question: string
  readonly prober: Prober
  readonly #parts: BackendProbeParts
  readonly #verdict: Verdict
  readonly #phases: readonly ProbePhase[]
  readonly #halting = new AbortController()
  #spec: BackendSpec
  #probedAtMs: number | undefined
  #lastFailure: ProbeResult['failure']
  /** A fault was told of; it would be the same with each probe. */
  #isFaulty = false

  constructor(spec: BackendSpec, owner: number, prober: Prober, parts: BackendProbeParts) {
    this.name = spec.name
    this.owner = owner
    this.offset = placeOf(spec.name)
    this.question = questionOf(spec)
    this.prober = prober
    this.#parts = parts
    this.#verdict = new Verdict(spec)
    this.#spec = spec
    this.#phases = possiblePhases(spec.target)
  }

  get intervalMs(): number {
    return this.#spec.intervalMs
  }

  get spec(): BackendSpec {
    return this.#spec
  }

  /** Undefined before the first verdict. */
  get health(): Health | undefined {
    return this.#verdict.health
  }

  /** Why the last probe that failed did; undefined if none has since the start. */
  get lastFailure(): ProbeResult['failure'] {
    return this.#lastFailure
  }

  /** When it was probed last, or the verdict that was taken over was; wall clock, Unix ms. */
  get probedAtMs(): number | undefined {
    return this.#probedAtMs
  }

  /** Takes over what an earlier process knew; before its first turn. */
  restore(health: Health, probedAtMs: number): void {
    this.#verdict.health = health
    this.#probedAtMs = probedAtMs
    this.#parts.metrics.judged(this.owner, health, false)
  }

  /** Takes over times of the same question. */
  adopt(spec: BackendSpec): void {
    this.#spec = spec
    this.#verdict.change(spec)
  }

  /** Ends a turn that is going on; nothing is told any more. */
  halt(): void {
    this.#halting.abort()
  }

  async run(): Promise<void> {
    const result = await this.#look()
    if (!this.#halting.signal.aborted) this.#told(result)
  }

  async #look(): Promise<ProbeResult> {
    const { clock, log } = this.#parts
    const begun = clock.now()
    try {
      const options = { clock, halted: this.#halting.signal }
      return await attempt(this.prober, this.#spec.timeoutMs, options)
    } catch (error) {
      if (!this.#isFaulty) {
        log.error('a probe failed by a fault of the exporter', { backend: this.name, error })
      }
      this.#isFaulty = true
      const durationUs = Math.round((clock.now() - begun) * 1000)
      return { failure: 'other', why: 'a fault of the exporter', durationUs, phasesUs: {} }
    }
  }

  #told(result: ProbeResult): void {
    const { metrics, clock, log } = this.#parts
    const before = this.#verdict.health
    this.#probedAtMs = clock.wall()
    metrics.probed(this.owner, { ...result, phasesUs: this.#phasesOf(result) })
    this.#lastFailure = result.failure ?? this.#lastFailure
    const changed = this.#verdict.saw(result.failure === undefined)
    if (changed === undefined) return
    metrics.judged(this.owner, changed, before !== undefined)
    const { failure, why } = result
    const reason = failure === undefined ? {} : { reason: failure, why }
    log.info(`a backend is ${changed}`, { backend: this.name, ...reason })
  }

  #phasesOf({ phasesUs }: ProbeResult): ProbeResult['phasesUs'] {
    const entries = this.#phases.map((phase) => [phase, phasesUs[phase]])
    return Object.fromEntries(entries.filter(([, us]) => us !== undefined))
  }
}

/** What must be equal for a verdict on one to be a verdict on the other. */
export function questionOf({ target }: BackendSpec): string {
  return digestOf(target)
}
