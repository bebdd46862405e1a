/** One probe: a prober, ended after its time or when nobody wants to know any more. */
import type { Note } from '../probers/prober.ts'
import type { ProbeClock } from './clock.ts'

/** What a prober of any kind is. */
export type Look<R> = (signal: AbortSignal, note: Note) => Promise<R>

/** What all results have in common. */
export interface Outcome {
  readonly failure: string | undefined
  readonly durationUs: number
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
  const ending = new AbortController()
  const end = () => ending.abort()
  const cancel = clock.after(timeoutMs, end)
  if (halted?.aborted) end()
  halted?.addEventListener('abort', end, { once: true })
  try {
    return await look(ending.signal, note)
  } finally {
    cancel()
    halted?.removeEventListener('abort', end)
  }
}

export interface AttemptOptions {
  readonly clock: ProbeClock
  readonly note?: Note
  readonly halted?: AbortSignal
}
