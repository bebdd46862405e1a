import { setImmediate as nextTurn } from 'node:timers/promises'

const TURN_MS = 5

/** Lets long work wait for the next turn of the event loop whenever it took 5 ms of this one. */
export function breaths(): () => Promise<void> {
  let begun = performance.now()
  return async () => {
    if (performance.now() - begun < TURN_MS) return
    await nextTurn()
    begun = performance.now()
  }
}
