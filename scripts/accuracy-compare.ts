// Compares a page of `replay` with the witness's series and with TRUTH.tsv.
import type { Measured } from './accuracy-cases.ts'
import { allows, BUCKETS, familiesOf } from './witness-tables.ts'
import { canonical } from './witness-tally.ts'

/** A series on which the two disagree; `absent` = not on the page, or not to be there. */
export interface Difference {
  readonly series: string
  readonly replay: number | 'absent'
  readonly witness: number | 'absent' | 'present'
}

interface Sample {
  /** The series as written, labels sorted, without `source`. */
  readonly key: string
  readonly family: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** The `quic_` samples of a page that come from QUIC transport, `source` taken off. */
export function readPage(page: string): Sample[] {
  const samples: Sample[] = []
  for (const line of page.split('\n')) {
    const parts = /^(quic_[a-z0-9_]+)(?:\{(.*)\})? (\S+)$/.exec(line)
    const [, name = '', inner = '', value = ''] = parts ?? []
    if (!parts || /^quic_(exporter|lb|probes?)_/.test(name)) continue
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

/** The sum of a family's series, or of one label's share of it. */
export function sumOf(page: string, family: string, labels: Record<string, string> = {}): number {
  return readPage(page)
    .filter((sample) => sample.family === family)
    .filter((sample) => Object.entries(labels).every(([k, v]) => sample.labels[k] === v))
    .reduce((sum, sample) => sum + sample.value, 0)
}

/** Compares every series in both directions, and which families may and must be there at all. */
export function compareSeries({ page, testimony }: Measured): {
  compared: number
  differences: Difference[]
} {
  const { must, may } = familiesOf(testimony.writer)
  const samples = readPage(page)
  const exposed = new Map(samples.map((sample) => [sample.key, sample.value]))
  const families = new Set(samples.map((sample) => sample.family))
  const differences: Difference[] = []
  for (const sample of samples) {
    const { key, value, family } = sample
    const expected = testimony.series.get(key) ?? 0
    const isKnown = (must.has(family) || may.has(family)) && isLegal(sample)
    if (!isKnown) differences.push({ series: key, replay: value, witness: 'absent' })
    else if (value !== expected) differences.push({ series: key, replay: value, witness: expected })
  }
  for (const [series, value] of testimony.series) {
    if (value !== 0 && !exposed.has(series)) {
      differences.push({ series, replay: 'absent', witness: value })
    }
  }
  for (const family of must) {
    if (!families.has(family)) {
      differences.push({ series: family, replay: 'absent', witness: 'present' })
    }
  }
  for (const family of families) {
    for (const series of partsOf(family)) {
      if (!exposed.has(series) && !testimony.series.get(series)) {
        differences.push({ series, replay: 'absent', witness: 'present' })
      }
    }
  }
  return { compared: samples.length, differences }
}

function isLegal({ key, family, labels }: Sample): boolean {
  return family in BUCKETS ? partsOf(family).includes(key) : allows(family, labels)
}

// A histogram is there with all of its buckets or not at all.
function partsOf(family: string): string[] {
  const bounds = BUCKETS[family]
  if (!bounds) return []
  const buckets = [...bounds, Number.POSITIVE_INFINITY].map(
    (bound) => `${family}_bucket{le="${canonical(bound)}"}`,
  )
  return [...buckets, `${family}_count`, `${family}_sum`]
}

/** One quantity that TRUTH.tsv or the recording's story knows, beside the product's value. */
export interface Row {
  readonly quantity: string
  readonly replay: number
  readonly witness: number
  readonly by: 'raw count' | 'peer'
}

const mirrored: readonly (readonly [column: string, quantity: string, ...families: string[]])[] = [
  ['packets_sent', 'packets sent', 'quic_packets_sent_total'],
  ['packets_received', 'packets received', 'quic_packets_received_total'],
  ['bytes_sent', 'bytes sent', 'quic_sent_bytes_total'],
  ['bytes_received', 'bytes received', 'quic_received_bytes_total'],
  ['pc_tx', 'path challenges sent', 'quic_path_challenges_sent_total'],
  ['pc_rx', 'path challenges received', 'quic_path_challenges_received_total'],
  ['pr_tx', 'path responses sent', 'quic_path_responses_sent_total'],
  ['pr_rx', 'path responses received', 'quic_path_responses_received_total'],
]
const byEvent = ['quic_packets_lost_total', 'quic_mtu_probes_lost_total'] as const

/** The quantities that must agree exactly: columns of TRUTH.tsv, and the moves of the peer. */
export function mirroredRows({ page, truth, moves, testimony }: Measured): Row[] {
  const rows: Row[] = []
  const add = (by: Row['by'], quantity: string, witness: number, families: readonly string[]) => {
    const replay = families.reduce((sum, family) => sum + sumOf(page, family), 0)
    rows.push({ quantity, replay, witness, by })
  }
  if (truth) {
    for (const [column, quantity, ...families] of mirrored) {
      add('raw count', quantity, Number(truth[column]), families)
    }
    const { packet_lost: events, cf_lost_delta: delta, spurious } = truth
    if (testimony.writer === 'quiche') {
      add('raw count', 'declared lost', Number(delta), ['quic_packets_lost_total'])
    } else {
      add('raw count', 'declared lost, path-MTU probes included', Number(events), byEvent)
    }
    if (testimony.writer === 'quic-go') {
      const families = ['quic_packets_spuriously_lost_total']
      add('raw count', 'spuriously lost', Number(spurious), families)
    }
  }
  if (moves) {
    const total = 'quic_connection_migrations_total'
    add('peer', 'moves of the peer', moves.total, [total])
    add('peer', 'moves that failed', moves.failed, ['quic_connection_migrations_failed_total'])
    if (moves.kind !== '') {
      const replay = sumOf(page, total, { kind: moves.kind })
      const quantity = `moves of kind ${moves.kind}`
      rows.push({ quantity, replay, witness: moves.total, by: 'peer' })
    }
  }
  return rows
}
