import { setTimeout as delay } from 'node:timers/promises'
import type { Restartable } from './restartable.ts'

/** How long a program lives and stays dead, in ms; each time anew at random in between. */
export interface Rhythm {
  readonly upMs: readonly [least: number, most: number]
  readonly downMs: readonly [least: number, most: number]
}

/** Restarted at once or after a while, killed before, while and after it serves. */
export const RESTLESS: Rhythm = { upMs: [400, 3000], downMs: [50, 1200] }

/** A random number of milliseconds. */
export function between(
  random: (below: number) => number,
  [least, most]: readonly [number, number],
): number {
  return least + random(most - least + 1)
}

/**
 * Kills programs that are running and starts them again, all at the same moments, `kills` times;
 * they are running afterwards. `whileDead` is called between death and restart.
 */
export async function killAndRestart(
  programs: readonly Restartable[],
  kills: number,
  rhythm: Rhythm,
  random: (below: number) => number,
  whileDead: () => void = () => {},
): Promise<void> {
  for (let i = 0; i < kills; i += 1) {
    await delay(between(random, rhythm.upMs))
    await Promise.all(programs.map((program) => program.kill()))
    const restartIn = delay(between(random, rhythm.downMs))
    whileDead()
    await restartIn
    for (const program of programs) program.start()
  }
}
