/**
 * The page: everything read in one synchronous turn and handed to the client library, which writes text
 * format 0.0.4. The library is never called for an event.
 */
import { setImmediate as turn } from 'node:timers/promises'
import { Registry } from 'prom-client'
import { canonicalBound } from './canonical.ts'
import { type Family, Histogram, type Row } from './family.ts'
import type { Slots } from './slots.ts'
import type { MetricStore } from './store.ts'

export const CONTENT_TYPE = Registry.PROMETHEUS_CONTENT_TYPE

/**
 * Samples that are written at one go. Thousands of backends make a page that takes a tenth of a second; whatever
 * is due meanwhile has its turn between two pieces, and each piece is forgotten before the next.
 */
const PIECE = 2000
const HEAD_LINES = 2

interface RenderedValue {
  readonly metricName?: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** What changes of a store, as it was in one turn. A series that comes later is 0 in it. */
interface Page {
  readonly slots: Slots
  readonly names: readonly string[]
}

/** The store's page as it is now, families by name; `which` leaves families out. */
export async function renderStore(
  store: MetricStore,
  which: (family: Family) => boolean = () => true,
): Promise<string> {
  const families = store.families.filter(which)
  families.sort((a, b) => (a.spec.name < b.spec.name ? -1 : 1))
  // All that is read of the store, in this turn; what follows may take several.
  const page = { slots: store.copyOfSlots(), names: store.ownerNames() }
  const found = families.map((family) => ({ family, rows: family.rows() }))
  const texts: string[] = []
  let samples = 0
  for (const { family, rows } of found) {
    let text = ''
    for (const piece of piecesOf(family, rows)) {
      const values = piece.flatMap((row) => valuesOf(page, family, row))
      if (values.length === 0) continue
      samples += values.length
      const whole = await textOf(family, values)
      // HELP and TYPE stand above the first piece only.
      text += text === '' ? whole : whole.split('\n').slice(HEAD_LINES).join('\n')
      if (samples < PIECE) continue
      samples = 0
      await turn()
    }
    if (text !== '') texts.push(text)
  }
  return texts.length === 0 ? '\n' : texts.join('\n')
}

/** Rows in pieces of about so many samples. */
function piecesOf(family: Family, rows: readonly Row[]): readonly (readonly Row[])[] {
  const most = Math.max(
    1,
    Math.floor(PIECE / (family.combinations.length * (family.slotsPerSeries + 1))),
  )
  const pieces: Row[][] = []
  for (let from = 0; from < rows.length; from += most) pieces.push(rows.slice(from, from + most))
  return pieces
}

function textOf({ spec: { name, help }, type }: Family, values: RenderedValue[]): Promise<string> {
  const registry = new Registry()
  const rendered = { name, help, type, aggregator: 'sum', values }
  registry.registerMetric({ name, get: () => rendered } as never)
  return registry.metrics()
}

function valuesOf({ slots, names }: Page, family: Family, row: Row): RenderedValue[] {
  const values: RenderedValue[] = []
  const { owner: label = 'source' } = family.spec
  family.visitRow(row, (own, first) => {
    const labels = label === '' ? own : { [label]: names[row.owner] ?? '', ...own }
    if (family instanceof Histogram) histogramValues(family, slots, labels, first, values)
    else values.push({ labels, value: slots.read(first, family.decimals) })
  })
  return values
}

function histogramValues(
  family: Histogram,
  slots: Slots,
  labels: Readonly<Record<string, string>>,
  first: number,
  values: RenderedValue[],
): void {
  const { name } = family.spec
  let cumulative = 0
  for (let i = 0; i <= family.buckets.length; i += 1) {
    cumulative += slots.read(first + i)
    const le = canonicalBound(family.buckets[i] ?? Number.POSITIVE_INFINITY)
    values.push({ metricName: `${name}_bucket`, labels: { ...labels, le }, value: cumulative })
  }
  const sum = slots.read(first + family.buckets.length + 1, family.decimals)
  values.push({ metricName: `${name}_sum`, labels, value: sum })
  values.push({ metricName: `${name}_count`, labels, value: cumulative })
}
