import { randomInt } from 'node:crypto'
import type { Test } from 'tap'
import { seeded } from '../../support/seeded.ts'

/** The source of randomness of a test, from CRASH_SEED if that is set; the seed is printed. */
export function randomness(t: Test): (below: number) => number {
  const seed = Number(process.env.CRASH_SEED ?? randomInt(1, 2 ** 31))
  t.comment(`CRASH_SEED=${seed}`)
  return seeded(seed)
}
