const COALESCE_MS = 25
const COALESCE_BUSY_MS = 100
const BUSY_HINTS = 125
const SLOWEST_SWEEP_MS = 10_000

/** How many times its own cost a sweep is followed by rest: with all else below a tenth of one core. */
const REST_PER_COST = 15

/** Who is woken. */
export interface Sleeper {
  /** Time for a sweep over everything. */
  beginSweep(): void
  /** These paths may have changed. */
  lookAt(paths: Iterable<string>): void
}

/** Decides when to look: sweeps at intervals, and changed paths shortly after the first hint. */
export class Waker {
  readonly #sleeper: Sleeper
  readonly #intervalMs: number
  #running = false
  #hints = new Set<string>()
  #lastHints = 0
  #hintTimer: NodeJS.Timeout | undefined
  #sweepTimer: NodeJS.Timeout | undefined
  #sweepAt = 0
  #restUntil = 0

  constructor(sleeper: Sleeper, intervalMs: number) {
    this.#sleeper = sleeper
    this.#intervalMs = intervalMs
  }

  /** Begins with a sweep at once. */
  start(): void {
    this.#running = true
    this.#sleeper.beginSweep()
  }

  /** Wakes nobody any more. */
  stop(): void {
    this.#running = false
    clearTimeout(this.#hintTimer)
    clearTimeout(this.#sweepTimer)
    this.#hintTimer = undefined
    this.#sweepTimer = undefined
    this.#hints.clear()
  }

  /** A path may have changed; hints are gathered for a moment, a longer one when there are many. */
  hint(path: string): void {
    if (!this.#running) return
    this.#hints.add(path)
    this.#hintTimer ??= setTimeout(
      () => this.#handOver(),
      this.#lastHints > BUSY_HINTS ? COALESCE_BUSY_MS : COALESCE_MS,
    )
  }

  /** Something changed that only a sweep can make out: brings it forward, but not into its rest. */
  sweepSoon(): void {
    this.#sweepNotAfter(Math.max(performance.now() + COALESCE_MS, this.#restUntil))
  }

  /** A sweep has ended that took `costMs` of work and `elapsedMs` in all: sets the next one. */
  swept(costMs: number, elapsedMs: number): void {
    const now = performance.now()
    this.#restUntil = now + Math.min(REST_PER_COST * costMs, SLOWEST_SWEEP_MS)
    this.#sweepNotAfter(Math.max(now + this.#intervalMs - elapsedMs, this.#restUntil))
  }

  #sweepNotAfter(at: number): void {
    if (!this.#running) return
    if (this.#sweepTimer !== undefined && this.#sweepAt <= at) return
    clearTimeout(this.#sweepTimer)
    this.#sweepAt = at
    this.#sweepTimer = setTimeout(() => {
      this.#sweepTimer = undefined
      this.#sleeper.beginSweep()
    }, at - performance.now())
  }

  #handOver(): void {
    const paths = this.#hints
    this.#hints = new Set()
    this.#hintTimer = undefined
    this.#lastHints = paths.size
    this.#sleeper.lookAt(paths)
  }
}
