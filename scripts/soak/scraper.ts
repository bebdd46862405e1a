import { setTimeout as delay } from 'node:timers/promises'
import { GrowthOfOne } from '../../test/crashes/support/sums.ts'

const SINCE_START = /^# HELP (\w+) .*Since process start\.$/gm
const COUNTER = /^(quic_\w+_(?:total|sum|count|bucket)(?:\{.*\})?) (\S+)$/gm

/** Scrapes as Prometheus does, in a rhythm of its own, and adds up what each counter grows by. */
export class Scraper {
  /** By series, labels included. */
  readonly growths = new Map<string, GrowthOfOne>()
  readonly everyMs: number
  taken = 0
  /** Answers of 503. */
  refused = 0
  /** Whole answers that it threw away, as a scraper does that came to its time-out. */
  forgotten = 0
  readonly #address: string
  readonly #forgetEvery: number
  /** Counters that say of themselves that they begin anew with the process. */
  readonly #sinceStart = new Set<string>()
  #stopped = false

  /** `forgetEvery`: each so many answers one is read and thrown away; 0: none. */
  constructor(address: string, everyMs: number, forgetEvery: number) {
    this.#address = address
    this.everyMs = everyMs
    this.#forgetEvery = forgetEvery
  }

  /** Scrapes until it is stopped. */
  async run(): Promise<void> {
    while (!this.#stopped) {
      const next = delay(this.everyMs)
      await this.scrape()
      await next
    }
  }

  stop(): void {
    this.#stopped = true
  }

  /** Scrapes once. */
  async scrape(): Promise<void> {
    const answer = await fetch(`http://${this.#address}/metrics`).catch(() => undefined)
    const text = await answer?.text().catch(() => undefined)
    if (answer === undefined || text === undefined) return
    if (!answer.ok) {
      this.refused += 1
      return
    }
    this.taken += 1
    if (this.#forgetEvery > 0 && this.taken % this.#forgetEvery === 0 && !this.#stopped) {
      this.forgotten += 1
      return
    }
    for (const [, name = ''] of text.matchAll(SINCE_START)) this.#sinceStart.add(name)
    for (const [, series = '', value] of text.matchAll(COUNTER)) {
      let growth = this.growths.get(series)
      if (growth === undefined) {
        growth = new GrowthOfOne()
        this.growths.set(series, growth)
      }
      growth.take(Number(value))
    }
  }

  /** Growth of all series of a name together. */
  increase(name: string): number {
    let sum = 0
    for (const [series, growth] of this.growths) {
      if (nameOf(series) === name) sum += growth.increase
    }
    return sum
  }

  /** Series that fell though they promise to go on. */
  get fallen(): string[] {
    return [...this.growths]
      .filter(([series, { resets }]) => resets > 0 && !this.#sinceStart.has(nameOf(series)))
      .map(([series]) => series)
  }
}

function nameOf(series: string): string {
  return series.split('{', 1)[0] ?? ''
}
