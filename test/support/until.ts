import { setTimeout as delay } from 'node:timers/promises'

/** How long to wait for a condition and how often to look, in milliseconds. */
export interface Patience {
  readonly withinMs: number
  readonly everyMs?: number
}

/** Polls until the answer is neither undefined nor false; rejects at the deadline, saying for what. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined | false> | T | undefined | false,
  { withinMs, everyMs = 20 }: Patience,
): Promise<T> {
  const deadline = performance.now() + withinMs
  for (;;) {
    const answer = await ask()
    if (answer !== undefined && answer !== false) return answer
    if (performance.now() > deadline) throw new Error(`waited ${withinMs} ms in vain for ${what}`)
    await delay(everyMs)
  }
}
