/**
 * The page: families read in one synchronous turn and handed to the client library, which writes text
 * format 0.0.4. The library is never called for an event.
 */
import { setImmediate as turn } from 'node:timers/promises'
import { Registry } from 'prom-client'
import { canonicalBound } from './canonical.ts'
import { type Family, Histogram } from './family.ts'
import type { MetricStore } from './store.ts'

export const CONTENT_TYPE = Registry.PROMETHEUS_CONTENT_TYPE

/** Samples of a page that is not made at one go. */
const LARGE_PAGE = 5000

interface RenderedValue {
  readonly metricName?: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** The store's page, families by name; `which` leaves families out. */
export function renderStore(
  store: MetricStore,
  which: (family: Family) => boolean = () => true,
): Promise<string> {
  const registry = new Registry()
  let samples = 0
  const families = store.families.filter(which)
  families.sort((a, b) => (a.spec.name < b.spec.name ? -1 : 1))
  for (const family of families) {
    const values = valuesOf(store, family)
    if (values.length === 0) continue
    samples += values.length
    const { name, help } = family.spec
    const rendered = { name, help, type: family.type, aggregator: 'sum', values }
    registry.registerMetric({ name, get: () => rendered } as never)
  }
  return samples < LARGE_PAGE ? registry.metrics() : inPieces(registry)
}

/**
 * The same text, family by family: thousands of backends make a page that takes the library a tenth of a
 * second, and whatever is due meanwhile has its turn between two families.
 */
async function inPieces(registry: Registry): Promise<string> {
  const pieces: string[] = []
  for (const { name } of registry.getMetricsAsArray()) {
    pieces.push(await registry.getSingleMetricAsString(name))
    await turn()
  }
  return `${pieces.join('\n\n')}\n`
}

function valuesOf(store: MetricStore, family: Family): RenderedValue[] {
  const values: RenderedValue[] = []
  const { owner: label = 'source' } = family.spec
  family.forEach((owner, own, first) => {
    const labels = label === '' ? own : { [label]: store.ownerName(owner), ...own }
    if (family instanceof Histogram) histogramValues(family, labels, first, values)
    else values.push({ labels, value: family.slots.read(first, family.decimals) })
  })
  return values
}

function histogramValues(
  family: Histogram,
  labels: Readonly<Record<string, string>>,
  first: number,
  values: RenderedValue[],
): void {
  const { name } = family.spec
  let cumulative = 0
  for (let i = 0; i <= family.buckets.length; i += 1) {
    cumulative += family.slots.read(first + i)
    const le = canonicalBound(family.buckets[i] ?? Number.POSITIVE_INFINITY)
    values.push({ metricName: `${name}_bucket`, labels: { ...labels, le }, value: cumulative })
  }
  const sum = family.slots.read(first + family.buckets.length + 1, family.decimals)
  values.push({ metricName: `${name}_sum`, labels, value: sum })
  values.push({ metricName: `${name}_count`, labels, value: cumulative })
}
