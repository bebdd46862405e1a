// The witness's counters: integers per series, divided into base units only at the very end.
import { BUCKETS, unitOf } from './witness-tables.ts'

/** Adds up integers per series: counts, bytes, microseconds or millionths. */
export class Tally {
  readonly #sums = new Map<string, number>()

  /** Adds to a counter. */
  add(family: string, labels: Readonly<Record<string, string>> = {}, amount = 1): void {
    const pairs = Object.entries(labels).map(([name, value]) => `${name}="${value}"`)
    const key = pairs.length > 0 ? `${family}{${pairs.sort().join(',')}}` : family
    this.#sums.set(key, (this.#sums.get(key) ?? 0) + amount)
  }

  /** Observes one integer in a histogram's buckets, count and sum. */
  observe(family: string, value: number): void {
    const bounds = [...(BUCKETS[family] ?? []), Number.POSITIVE_INFINITY]
    for (const bound of bounds) {
      if (value > bound * unitOf(family)) continue
      this.add(`${family}_bucket`, { le: canonical(bound) })
    }
    this.add(`${family}_count`)
    this.add(`${family}_sum`, {}, value)
  }

  /** All series in base units. */
  series(): Map<string, number> {
    return new Map(
      [...this.#sums].map(([key, sum]) => {
        const isWhole = /_(bucket|count)(\{|$)/.test(key)
        return [key, isWhole ? sum : sum / unitOf(key)]
      }),
    )
  }
}

/** A bucket bound as OpenMetrics and Go write it: 0.5, 4096.0, 3.3554432e+07, +Inf. */
export function canonical(bound: number): string {
  if (bound === Number.POSITIVE_INFINITY) return '+Inf'
  if (bound >= 1e6) return bound.toExponential().replace(/e\+(\d)$/, 'e+0$1')
  return Number.isInteger(bound) ? `${bound}.0` : String(bound)
}
