/**
 * The same target by several protocols at the same moment, so that the ratio of their times tells of the protocols:
 * not at once, as they would compete, but one right after the other, each as often first as any other. Who begins is
 * drawn by lot: a balancer that takes its servers in turns would else give each protocol servers of its own.
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
  readonly #random: () => number
  #rounds = 0
  #first = 0

  /** `probers` by name of the protocol; `random` from 0 to below 1. */
  constructor(probers: Readonly<Record<string, Prober>>, random: () => number = Math.random) {
    this.#probers = Object.entries(probers)
    this.#random = random
  }

  /** Looks once by every protocol; `limit` makes the signal that ends one look. Resolves always. */
  async round(limit: () => AbortSignal, note: Note): Promise<Round> {
    const { length } = this.#probers
    const isDrawn = this.#rounds % length === 0
    this.#first = isDrawn ? Math.floor(this.#random() * length) : (this.#first + 1) % length
    this.#rounds += 1
    const order = [...this.#probers.slice(this.#first), ...this.#probers.slice(0, this.#first)]
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
