import { isAbsolute, normalize, relative } from 'node:path'

/** Path of `path` within `directory`, or undefined if it is elsewhere or that cannot be told. */
export function innerPath(directory: string, path: string): string | undefined {
  if (isAbsolute(directory) !== isAbsolute(path)) return undefined
  const inner = relative(normalize(directory), normalize(path))
  return inner === '..' || inner.startsWith('../') ? undefined : inner
}

/**
 * Whether some file name fits both patterns, in which only * is special; a plain name is a pattern
 * that only itself fits. Takes time in proportion to the product of their lengths.
 */
export function haveNameInCommon(one: string, other: string): boolean {
  // below[j] and row[j]: whether the rest of `one` (from the next place, from this one) and the
  // rest of `other` from j on have a name in common.
  let below: boolean[] = []
  for (let i = one.length; i >= 0; i--) {
    const row: boolean[] = []
    for (let j = other.length; j >= 0; j--) {
      if (i === one.length && j === other.length) row[j] = true
      // A star ends here, or takes in what the other pattern has next.
      else if (one[i] === '*' || other[j] === '*') row[j] = below[j] === true || row[j + 1] === true
      else row[j] = one[i] === other[j] && below[j + 1] === true
    }
    below = row
  }
  return below[0] === true
}
