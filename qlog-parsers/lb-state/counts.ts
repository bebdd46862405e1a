/** What counters of another process rose by between two looks at them. */

/** Counts by name, with the run of the process that they belong to, where it says which. */
export interface Counts {
  readonly run: string | undefined
  readonly values: ReadonlyMap<string, number>
}

/**
 * How much each counter rose. Counters of a new run, and those that fell, began anew: all that they say is
 * new. A counter that is seen for the first time in a run that was seen before only begins to be known.
 */
export function rises(before: Counts, now: Counts): ReadonlyMap<string, number> {
  const isNewRun = now.run !== undefined && before.run !== undefined && now.run !== before.run
  const risen = new Map<string, number>()
  for (const [name, value] of now.values) {
    const known = isNewRun ? 0 : before.values.get(name)
    if (known === undefined) continue
    const rise = value < known ? value : value - known
    if (rise > 0) risen.set(name, rise)
  }
  return risen
}
