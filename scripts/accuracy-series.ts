// Compares every series on a page of `replay` with the witness's.

import type { Testimony } from './witness.ts'
import { allowedSeries, requiredSeries } from './witness-labels.ts'
import type { Writer } from './witness-stream.ts'
import { BUCKETS, familiesOf } from './witness-tables.ts'
import { canonical } from './witness-tally.ts'

/** A series on which the two disagree. */
export interface Difference {
  readonly series: string
  /** `absent`: not on the page. */
  readonly replay: number | 'absent'
  /** `absent`: must not be there; `present`: must be there. */
  readonly witness: number | 'absent' | 'present'
}

interface Sample {
  /** The series as written, labels sorted, without `source`. */
  readonly key: string
  readonly family: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** The samples of a page that come from QUIC transport, `source` taken off. */
export function readPage(page: string): Sample[] {
  return samplesOf(page).filter(({ family }) => !/^quic_(exporter|lb|probes?)_/.test(family))
}

function samplesOf(page: string): Sample[] {
  const samples: Sample[] = []
  for (const line of page.split('\n')) {
    const parts = /^(quic_[a-z0-9_]+)(?:\{(.*)\})? (\S+)$/.exec(line)
    const [, name = '', inner = '', value = ''] = parts ?? []
    if (!parts) continue
    const pairs = [...inner.matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"/g)]
      .map(([, label = '', text = '']) => [label, text] as const)
      .filter(([label]) => label !== 'source')
      .sort(([a], [b]) => (a < b ? -1 : 1))
    const written = pairs.map(([label, text]) => `${label}="${text}"`).join(',')
    const base = name.replace(/_(bucket|count|sum)$/, '')
    samples.push({
      key: written === '' ? name : `${name}{${written}}`,
      family: base in BUCKETS ? base : name,
      labels: Object.fromEntries(pairs),
      value: Number(value),
    })
  }
  return samples
}

/** Everything on which a page and the witness disagree, and how many series were compared. */
export function compareSeries(
  page: string,
  testimony: Testimony,
): { compared: number; differences: Difference[] } {
  const { writer } = testimony
  const { must, may } = familiesOf(writer)
  const samples = readPage(page)
  const families = new Set(samples.map((sample) => sample.family))
  const given = [...families].filter((family) => must.has(family) || may.has(family))
  const allowed = new Set(given.flatMap((family) => seriesOf(family, writer, allowedSeries)))
  const required = given.flatMap((family) => seriesOf(family, writer, requiredSeries))
  const exposed = new Set(samples.map((sample) => sample.key))
  const found: Difference[] = samples.map(({ key, value }) => ({
    series: key,
    replay: value,
    witness: allowed.has(key) ? (testimony.series.get(key) ?? 0) : 'absent',
  }))
  for (const [series, value] of testimony.series) {
    if (value !== 0 && !exposed.has(series)) {
      found.push({ series, replay: 'absent', witness: value })
    }
  }
  const lacking = [
    ...required.filter((series) => !exposed.has(series) && !testimony.series.get(series)),
    ...[...must].filter((family) => !families.has(family)),
  ]
  for (const series of lacking) found.push({ series, replay: 'absent', witness: 'present' })
  found.push(...capabilities(page, writer, families))
  return { compared: found.length, differences: found.filter((one) => one.replay !== one.witness) }
}

// A signal that is absent is listed with 0, never left out.
function capabilities(page: string, writer: Writer, exposed: ReadonlySet<string>): Difference[] {
  const name = 'quic_exporter_source_capability'
  const listed = new Map(
    samplesOf(page)
      .filter(({ family }) => family === name)
      .map(({ labels, value }) => [labels.signal ?? '', value]),
  )
  const { must, may, never } = familiesOf(writer)
  return [...must, ...may, ...never].map((family) => ({
    series: `${name}{signal="${family}"}`,
    replay: listed.get(family) ?? 'absent',
    witness: must.has(family) || (may.has(family) && exposed.has(family)) ? 1 : 0,
  }))
}

// A histogram is there with all of its buckets or not at all.
function seriesOf(
  family: string,
  writer: Writer,
  counters: (family: string, writer: Writer) => string[],
): string[] {
  const bounds = BUCKETS[family]
  if (!bounds) return counters(family, writer)
  const buckets = [...bounds, Number.POSITIVE_INFINITY].map(
    (bound) => `${family}_bucket{le="${canonical(bound)}"}`,
  )
  return [...buckets, `${family}_count`, `${family}_sum`]
}
