/** What was told by answered scrapes must never be taken back. */
import { type Page, seriesOf } from '../../support/page.ts'

export type Counters = ReadonlyMap<string, number>

/** All series that only ever grow, through restarts too. */
export function countersOf(page: Page): Counters {
  const counters = new Map<string, number>()
  for (const { name, type, help, samples } of page.values()) {
    if (!name.startsWith('quic_') || help.endsWith('Since process start.')) continue
    if (type !== 'counter' && type !== 'histogram') continue
    for (const sample of samples) counters.set(seriesOf(sample), sample.value)
  }
  return counters
}

/** The highest values that were told. */
export class Told {
  readonly #values = new Map<string, number>()

  note(counters: Counters): void {
    for (const [series, value] of counters) {
      this.#values.set(series, Math.max(value, this.#values.get(series) ?? 0))
    }
  }

  /** Throws if a series is lower than it was told to be, or not there. */
  mustNotExceed(counters: Counters): void {
    for (const [series, told] of this.#values) {
      const value = counters.get(series)
      if (value === undefined || value < told) throw new Error(`${series} fell: ${told}, ${value}`)
    }
  }
}
