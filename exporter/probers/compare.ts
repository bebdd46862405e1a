/**
 * The same target by several protocols at the same moment, so that the ratio of their times tells of the protocols:
 * not at once, as they would compete, but one right after the other, and another one first in each round.
 */
import type { Note, ProbeResult, Prober } from './prober.ts'

/** All looks of a round that counts begin within this. */
const SAME_MOMENT_MS = 1000

/** One round. */
export interface Round {
  /**
   * Whether its times may be compared: all are healthy, and all began within one second. A round with a failure
   * would compare those that work with those that do not.
   */
  readonly counts: boolean
  /** By protocol, in the order in which they were looked at. */
  readonly results: ReadonlyMap<string, ProbeResult>
}

/** The rounds of one target. */
export class Comparison {
  readonly #probers: readonly (readonly [protocol: string, prober: Prober])[]
  #first = 0

  /** `probers` by name of the protocol. */
  constructor(probers: Readonly<Record<string, Prober>>) {
    this.#probers = Object.entries(probers)
  }

  /** Looks once by every protocol; `limit` makes the signal that ends one look. Resolves always. */
  async round(limit: () => AbortSignal, note: Note): Promise<Round> {
    const order = [...this.#probers.slice(this.#first), ...this.#probers.slice(0, this.#first)]
    this.#first = (this.#first + 1) % this.#probers.length
    const results = new Map<string, ProbeResult>()
    const startedMs = performance.now()
    let lastMs = startedMs
    for (const [protocol, prober] of order) {
      lastMs = performance.now()
      results.set(protocol, await prober(limit(), (line) => note(`${protocol}: ${line}`)))
    }
    const isSameMoment = lastMs - startedMs <= SAME_MOMENT_MS
    const isHealthy = [...results.values()].every(({ failure }) => failure === undefined)
    return { counts: isSameMoment && isHealthy, results }
  }
}
