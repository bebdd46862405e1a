/** Asks one balancer again and again: never twice at once, never for long, not in step with other pollers. */
import type { PollFailure } from '../collectors/tailing.ts'
import { type Ask, failureOf } from './question.ts'

const LONGEST_MS = 5000
/** The first question comes within this; after a restart the page waits for it. */
const SPREAD_MS = 500
/** Share of the interval by which two questions may come earlier or later. */
const JITTER = 0.1

export interface PollerOptions {
  readonly ask: Ask
  readonly intervalMs: number
  /** An answer came, whole; throws nothing. */
  readonly answered: (body: Uint8Array) => void
  readonly failed: (reason: PollFailure) => void
}

export class Poller {
  readonly #options: PollerOptions
  #intervalMs: number
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined
  /** Ends the question that is being asked. */
  #giveUp: (() => void) | undefined
  #isStarted = false
  #isStopped = false

  constructor(options: PollerOptions) {
    this.#options = options
    this.#intervalMs = options.intervalMs
  }

  start(): void {
    if (this.#isStopped || this.#isStarted) return
    this.#isStarted = true
    this.#schedule(Math.random() * Math.min(SPREAD_MS, this.#intervalMs))
  }

  /** Counts from the next question on. */
  change(intervalMs: number): void {
    this.#intervalMs = intervalMs
    if (this.#timer !== undefined) this.#schedule(this.#wait())
  }

  /** Asks now, or waits for the question that is being asked. Never rejects. */
  poll(): Promise<void> {
    if (this.#isStopped) return Promise.resolve()
    this.#running ??= this.#ask().finally(() => {
      this.#running = undefined
      if (this.#isStarted && !this.#isStopped) this.#schedule(this.#wait())
    })
    return this.#running
  }

  /** Nothing is told any more. */
  halt(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#isStopped = true
    this.#giveUp?.()
  }

  async stop(): Promise<void> {
    this.halt()
    await this.#running
  }

  async #ask(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const { ask, answered, failed } = this.#options
    const asking = new AbortController()
    this.#giveUp = () => asking.abort()
    const limit = setTimeout(this.#giveUp, Math.min(LONGEST_MS, this.#intervalMs / 2))
    try {
      const body = await ask(asking.signal)
      if (!this.#isStopped) answered(body)
    } catch (error) {
      if (!this.#isStopped) failed(asking.signal.aborted ? 'timeout' : failureOf(error))
    } finally {
      clearTimeout(limit)
    }
  }

  #schedule(afterMs: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.poll(), afterMs)
    this.#timer.unref()
  }

  #wait(): number {
    return this.#intervalMs * (1 + JITTER * (2 * Math.random() - 1))
  }
}
