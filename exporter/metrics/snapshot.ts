/** The whole store as plain data and back. A family whose shape changed since then starts clean. */
import type { Family, HistogramSpec } from './family.ts'
import type { MetricStore } from './store.ts'

/** One family's series: owner, label values in declared order, then [low, high] words of each slot. */
export interface FamilyData {
  readonly shape: string
  readonly series: readonly (readonly [
    owner: string,
    labels: readonly string[],
    words: readonly number[],
  ])[]
}

export type StoreData = Readonly<Record<string, FamilyData>>

/** Every series that exists, as data that survives JSON. */
export function snapshotOf(store: MetricStore): StoreData {
  const data: Record<string, FamilyData> = {}
  for (const family of store.families) {
    // What depends on the clock or the process is never restored.
    if (family.spec.depends === 'clock') continue
    const series: [string, string[], number[]][] = []
    family.forEach((owner, labels, first) => {
      const words: number[] = []
      for (let i = 0; i < family.slotsPerSeries; i += 1)
        words.push(...family.slots.words(first + i))
      series.push([store.ownerName(owner), Object.values(labels), words])
    })
    if (series.length > 0) data[family.spec.name] = { shape: shapeOf(family), series }
  }
  return data
}

/**
 * Restores what still fits, of the process and of those owners that `goesOn` admits; returns the names of
 * the families that start clean instead.
 */
export function restore(
  store: MetricStore,
  data: StoreData,
  goesOn: (owner: string) => boolean = () => true,
): string[] {
  const clean: string[] = []
  for (const [name, saved] of Object.entries(data)) {
    const family = store.family(name)
    if (family === undefined) continue
    if (saved.shape !== shapeOf(family)) {
      clean.push(name)
      continue
    }
    for (const [ownerName, labels, words] of saved.series) {
      if (ownerName !== '' && !goesOn(ownerName)) continue
      const { owner: label = 'source' } = family.spec
      const owner = label === '' ? 0 : store.owner(ownerName, label)
      const first = family.slotOf(owner, labels)
      if (first < 0) continue
      for (let i = 0; i < family.slotsPerSeries; i += 1) {
        family.slots.restore(first + i, words[2 * i] ?? 0, words[2 * i + 1] ?? 0)
      }
    }
  }
  return clean
}

/** What must be equal for old integers to mean the same: type, unit, label sets, buckets. */
function shapeOf(family: Family): string {
  const { unit = 'count', labels = {}, owner = 'source' } = family.spec
  const buckets = (family.spec as Partial<HistogramSpec>).buckets ?? []
  return JSON.stringify([family.type, unit, owner, Object.entries(labels), buckets])
}
