/** Time as probing sees it: a parameter, so that a test can let an hour go by. */

export interface ProbeClock {
  /** Monotonic milliseconds. */
  now(): number
  /** Unix milliseconds. */
  wall(): number
  /** Calls back once, no earlier than after so many ms; the function that is returned takes that back. */
  after(ms: number, callBack: () => void): () => void
}

/** The machine's; it keeps no process alive. */
export const MACHINE_CLOCK: ProbeClock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after: (ms, callBack) => {
    const timer = setTimeout(callBack, Math.ceil(ms)).unref()
    return () => clearTimeout(timer)
  },
}
