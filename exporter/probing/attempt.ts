/** One probe: a prober, ended after its time or when nobody wants to know any more. */
import type { Note } from '../probers/prober.ts'
import type { ProbeClock } from './clock.ts'

/** What a prober of any kind is. */
export type Look<R> = (signal: AbortSignal, note: Note) => Promise<R>

/** Ends what goes on too long. */
export interface Limit {
  readonly signal: AbortSignal
  /** It is over, and nothing needs an end. */
  done(): void
}

/** A signal after so many milliseconds, or as soon as `halted` says so. */
export function limit(timeoutMs: number, clock: ProbeClock, halted?: AbortSignal): Limit {
  const ending = new AbortController()
  const end = () => ending.abort()
  // Timers ring before sockets are read: after a pause of this process an answer may be there, and unread.
  const cancel = clock.after(timeoutMs, () => setImmediate(end))
  if (halted?.aborted) end()
  halted?.addEventListener('abort', end, { once: true })
  return {
    signal: ending.signal,
    done() {
      cancel()
      halted?.removeEventListener('abort', end)
    },
  }
}

/**
 * Looks once, for so many milliseconds at most. Rejects only with what is a fault of the prober. `halted` ends
 * it early.
 */
export async function attempt<R>(
  look: Look<R>,
  timeoutMs: number,
  { clock, note = () => undefined, halted }: AttemptOptions,
): Promise<R> {
  const { signal, done } = limit(timeoutMs, clock, halted)
  try {
    return await look(signal, note)
  } finally {
    done()
  }
}

export interface AttemptOptions {
  readonly clock: ProbeClock
  readonly note?: Note
  readonly halted?: AbortSignal
}
