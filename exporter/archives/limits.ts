/** How much one compressed file may hold. More is no log that a proxy wrote, but a mistake or an attack. */

/** Most uncompressed bytes: a day of a busy proxy's rotated log; what is above is not read. */
export const MOST_BYTES = 1024 ** 3

/**
 * Most uncompressed bytes for each compressed one. Recordings of every producer that we have give 8 to 17,
 * gzip can give 1,032 at most and zstd far more.
 */
export const MOST_RATIO = 200

/** Below so many uncompressed bytes the ratio says nothing. */
const RATIO_FROM_BYTES = 1024 ** 2

/** What is wrong with a file of which so much came out. */
export type Excess = 'too_large' | 'ratio'

/** Whether that is more than a file may hold; `taken`: its compressed bytes so far. */
export function excessOf(uncompressed: number, taken: number): Excess | undefined {
  if (uncompressed > MOST_BYTES) return 'too_large'
  return uncompressed > RATIO_FROM_BYTES && uncompressed > MOST_RATIO * taken ? 'ratio' : undefined
}
