/** A clock that goes by when it is told to. */
import { setImmediate as turn } from 'node:timers/promises'
import type { ProbeClock } from '../../exporter/probing/clock.ts'

interface Timer {
  readonly at: number
  readonly callBack: () => void
}

export class FakeClock implements ProbeClock {
  #now: number
  readonly #timers = new Set<Timer>()
  /** Added to every timer: how late the machine rings. */
  lateMs = 0

  constructor(startMs = 1000) {
    this.#now = startMs
  }

  now(): number {
    return this.#now
  }

  wall(): number {
    return 1_800_000_000_000 + this.#now
  }

  after(ms: number, callBack: () => void): () => void {
    const timer = { at: this.#now + ms + this.lateMs, callBack }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  get timers(): number {
    return this.#timers.size
  }

  /** Lets time go by, from timer to timer; what waits for promises runs between two. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms
    for (;;) {
      await turn()
      let next: Timer | undefined
      for (const timer of this.#timers) if (timer.at < (next?.at ?? Infinity)) next = timer
      if (next === undefined || next.at > end) break
      this.#now = Math.max(this.#now, next.at)
      this.#timers.delete(next)
      next.callBack()
    }
    this.#now = end
    await turn()
  }

  /** Time goes by and nothing runs meanwhile, as when the machine sleeps. */
  jump(ms: number): void {
    this.#now += ms
  }
}
