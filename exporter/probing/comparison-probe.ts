/** HTTP versions side by side at one front door: rounds, and which of them count. */
import { COMPARED_PROTOCOLS, type ComparedProtocol } from '../collectors/front-probes.ts'
import { Comparison, type Round } from '../probers/compare.ts'
import type { Prober } from '../probers/prober.ts'
import type { BackendTarget } from '../probers/target.ts'
import { type Limit, limit } from './attempt.ts'
import type { FrontSpec } from './front-spec.ts'
import { placeOf } from './place.ts'
import type { FrontProbeParts } from './rung-probe.ts'
import type { Job } from './scheduler.ts'

export class ComparisonProbe implements Job {
  readonly offset: number
  readonly intervalMs: number
  readonly #name: string
  readonly #timeoutMs: number
  readonly #owner: number
  readonly #parts: FrontProbeParts
  readonly #comparison: Comparison
  readonly #halting = new AbortController()
  #because: string | undefined
  /** A fault was told of; it would be the same with each round. */
  #isFaulty = false

  constructor(
    { name, intervalMs, timeoutMs }: FrontSpec,
    owner: number,
    probers: Readonly<Record<ComparedProtocol, Prober>>,
    parts: FrontProbeParts,
  ) {
    this.offset = placeOf(name, 'compare')
    this.intervalMs = intervalMs
    this.#name = name
    this.#timeoutMs = timeoutMs
    this.#owner = owner
    this.#parts = parts
    this.#comparison = new Comparison(probers)
  }

  /** Ends a turn that is going on; nothing is told any more. */
  halt(): void {
    this.#halting.abort()
  }

  async run(): Promise<void> {
    const limits: Limit[] = []
    const begin = () => {
      const one = limit(this.#timeoutMs, this.#parts.clock, this.#halting.signal)
      limits.push(one)
      return one.signal
    }
    try {
      const round = await this.#comparison.round(begin, () => undefined)
      if (!this.#halting.signal.aborted) this.#told(round)
    } catch (error) {
      const about = { target: this.#name, error }
      if (!this.#isFaulty) {
        this.#parts.log.error('a comparison failed by a fault of the exporter', about)
      }
      this.#isFaulty = true
    } finally {
      for (const { done } of limits) done()
    }
  }

  #told(round: Round): void {
    const { metrics, log } = this.#parts
    const because = round.counts ? [] : spoilers(round)
    if (because.length > 0) metrics.compared(this.#owner, { counts: false, because })
    else {
      const entries = COMPARED_PROTOCOLS.map((protocol) => [
        protocol,
        round.results.get(protocol)?.durationUs ?? 0,
      ])
      metrics.compared(this.#owner, { counts: true, durationsUs: Object.fromEntries(entries) })
    }
    const before = this.#because
    this.#because = because.join(',')
    if (this.#because === before) return
    if (because.length === 0) log.info('HTTP versions are compared', { target: this.#name })
    else {
      const [first = 'h2'] = because
      const { failure: reason, why } = round.results.get(first) ?? {}
      const about = { target: this.#name, protocols: this.#because, reason, why }
      log.info('HTTP versions cannot be compared', about)
    }
  }
}

/** Because of whom a round does not count: who failed, or else who was first and took too long. */
function spoilers({ results }: Round): readonly ComparedProtocol[] {
  const failed = COMPARED_PROTOCOLS.filter((one) => results.get(one)?.failure !== undefined)
  if (failed.length > 0) return failed
  const [first] = results.keys()
  return COMPARED_PROTOCOLS.filter((one) => one === first)
}

/** The probers of each protocol that is compared. */
export function comparedProbers(
  target: Extract<BackendTarget, { kind: 'http' }>,
  make: (target: BackendTarget) => Prober,
): Readonly<Record<ComparedProtocol, Prober>> {
  const by = (version: ComparedProtocol) => make({ ...target, http: { ...target.http, version } })
  return { 'http/1.1': by('http/1.1'), h2: by('h2') }
}
