/**
 * Says when each probe has its turn. Every job has a plan of its own, `first + n × interval`, that neither
 * late timers nor slow answers move: there is no drift. Turns are spread by each job's place in the
 * interval and by a jitter that is not added up. At most so many run at once; whoever waits for a place gets
 * one in the order in which they became due.
 */
import type { ProbeClock } from './clock.ts'
import { DueHeap } from './due-heap.ts'

/** Share of the interval within which a turn comes after its place in the plan. */
export const JITTER = 0.1

/** Something that is done again and again. */
export interface Job {
  /** Milliseconds between two turns. Read after each turn. */
  readonly intervalMs: number
  /** Place of its turns within the interval, from 0 to below 1. */
  readonly offset: number
  /** One turn. Never rejects, and ends within the interval as a rule: a job never runs twice at once. */
  run(): Promise<void>
}

export interface SchedulerOptions {
  readonly clock: ProbeClock
  /** Turns at once, at most. */
  readonly maxConcurrent: number
  /** From 0 to below 1. */
  readonly random: () => number
  /** A turn began so many milliseconds after it was due. */
  readonly began?: (delayMs: number) => void
}

interface Entry {
  readonly job: Job
  /** Place in the plan, before the jitter. */
  plannedAt: number
  dueAt: number
  removed: boolean
}

export class Scheduler {
  readonly #options: SchedulerOptions
  #maxConcurrent: number
  readonly #entries = new Map<Job, Entry>()
  readonly #heap = new DueHeap<Entry>()
  /** Due, without a place; in the order in which they became due. */
  readonly #queue = new Set<Entry>()
  readonly #running = new Map<Job, Promise<void>>()
  #cancel: (() => void) | undefined
  #wakesAt = Number.POSITIVE_INFINITY
  #isStopped = false

  constructor(options: SchedulerOptions) {
    this.#options = options
    this.#maxConcurrent = options.maxConcurrent
  }

  /** Turns that are going on. */
  get running(): number {
    return this.#running.size
  }

  /** Turns that are due and wait for a place. */
  get waiting(): number {
    return this.#queue.size
  }

  /** Its first turn comes within one interval from now. */
  add(job: Job): void {
    if (this.#isStopped || this.#entries.has(job)) return
    const plannedAt = this.#options.clock.now() + job.offset * job.intervalMs
    const entry: Entry = { job, plannedAt, dueAt: plannedAt, removed: false }
    this.#entries.set(job, entry)
    this.#plan(entry)
    this.#arm()
  }

  /** No further turn; one that is going on is not ended. */
  remove(job: Job): void {
    const entry = this.#entries.get(job)
    if (entry === undefined) return
    entry.removed = true
    this.#entries.delete(job)
    this.#queue.delete(entry)
  }

  /** Counts from the next turn on. */
  limit(maxConcurrent: number): void {
    this.#maxConcurrent = maxConcurrent
    this.#fill()
  }

  /** No further turns; resolves when those that are going on have ended. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#cancel?.()
    this.#cancel = undefined
    this.#queue.clear()
    await Promise.all(this.#running.values())
  }

  #plan(entry: Entry): void {
    const { random } = this.#options
    entry.dueAt = entry.plannedAt + entry.job.intervalMs * JITTER * random()
    this.#heap.push(entry)
  }

  #arm(): void {
    const next = this.#heap.first()
    if (this.#isStopped || next === undefined || next.dueAt >= this.#wakesAt) return
    this.#cancel?.()
    this.#wakesAt = next.dueAt
    const { clock } = this.#options
    this.#cancel = clock.after(Math.max(0, next.dueAt - clock.now()), () => this.#wake())
  }

  #wake(): void {
    this.#cancel = undefined
    this.#wakesAt = Number.POSITIVE_INFINITY
    const now = this.#options.clock.now()
    for (let next = this.#heap.first(); next !== undefined; next = this.#heap.first()) {
      // A timer may ring a fraction of a millisecond early.
      if (!next.removed && next.dueAt > now) break
      this.#heap.pop()
      if (!next.removed) this.#queue.add(next)
    }
    this.#fill()
    this.#arm()
  }

  #fill(): void {
    for (const entry of this.#queue) {
      if (this.#running.size >= this.#maxConcurrent) return
      this.#queue.delete(entry)
      this.#begin(entry)
    }
  }

  #begin(entry: Entry): void {
    const { job } = entry
    // It was taken out and put back while a turn of it goes on.
    if (this.#running.has(job)) {
      this.#again(entry)
      return
    }
    const { clock, began } = this.#options
    began?.(clock.now() - entry.dueAt)
    const turn = job.run().finally(() => {
      this.#running.delete(job)
      if (this.#isStopped) return
      if (!entry.removed) this.#again(entry)
      this.#fill()
    })
    this.#running.set(job, turn)
  }

  /** Its next place in the plan: what was missed is not made up for. */
  #again(entry: Entry): void {
    const { intervalMs } = entry.job
    const since = this.#options.clock.now() - entry.plannedAt
    entry.plannedAt += intervalMs * (Math.max(0, Math.floor(since / intervalMs)) + 1)
    this.#plan(entry)
    this.#arm()
  }
}
