import { type Testimony, witness } from '../witness.ts'
import type { Page } from './page.ts'
import type { Recording } from './recordings.ts'

/** One thing that the page tells of a source and that is known of its recordings as well. */
interface Figure {
  readonly what: string
  /** Metrics whose samples add up to it. */
  readonly metrics: readonly string[]
  readonly labels?: Readonly<Record<string, string>>
  /** What it is for one recording; undefined if nothing in that log can tell. */
  readonly truth: (recording: Recording, testimony: Testimony) => number | undefined
}

const FIGURES: readonly Figure[] = [
  { what: 'connections', metrics: ['quic_connections_total'], truth: () => 1 },
  { what: 'connections ended', metrics: ['quic_connections_closed_total'], truth: () => 1 },
  counted('packets sent', 'packets_sent', 'quic_packets_sent_total'),
  counted('packets received', 'packets_received', 'quic_packets_received_total'),
  counted('bytes sent', 'bytes_sent', 'quic_sent_bytes_total'),
  counted('bytes received', 'bytes_received', 'quic_received_bytes_total'),
  {
    what: 'packets declared lost',
    metrics: ['quic_packets_lost_total', 'quic_mtu_probes_lost_total'],
    truth: ({ producer, truth }, { series }) =>
      numberIn(truth[producer.lostColumn]) ??
      seriesSum(series, 'quic_packets_lost_total') +
        seriesSum(series, 'quic_mtu_probes_lost_total'),
  },
  {
    what: 'packets lost spuriously',
    metrics: ['quic_packets_spuriously_lost_total'],
    truth: spurious,
  },
  counted('challenges sent', 'pc_tx', 'quic_path_challenges_sent_total'),
  counted('challenges received', 'pc_rx', 'quic_path_challenges_received_total'),
  counted('responses sent', 'pr_tx', 'quic_path_responses_sent_total'),
  counted('responses received', 'pr_rx', 'quic_path_responses_received_total'),
  moves('NAT rebindings', 'nat_rebinding', 'truth_moves'),
  moves('NAT rebindings, failed', 'nat_rebinding', 'truth_moves_failed'),
  moves('active moves', 'active', 'truth_moves'),
  moves('active moves, failed', 'active', 'truth_moves_failed'),
  {
    what: 'bytes of log read',
    metrics: ['quic_exporter_read_bytes_total'],
    truth: ({ text }) => text.length,
  },
]

/** Figures by their name; what cannot be told is not there. */
export type Values = ReadonlyMap<string, number>

/** The names of all figures, in the order of the table. */
export const FIGURE_NAMES: readonly string[] = FIGURES.map(({ what }) => what)

/** What the page says of a source. */
export function valuesOn(page: Page, source: string): Values {
  const values = new Map<string, number>()
  for (const { what, metrics, labels } of FIGURES) {
    for (const metric of metrics) {
      const sum = page.sum(metric, { source, ...labels })
      if (sum !== undefined) values.set(what, (values.get(what) ?? 0) + sum)
    }
  }
  return values
}

/**
 * What is true of recordings, added up for each source: by TRUTH.tsv and MOVES.tsv and, for the rest,
 * by the witness, which reads whole logs and shares no code with the exporter.
 */
export function trueValues(recordings: readonly Recording[]): Map<string, Map<string, number>> {
  const sources = new Map<string, Map<string, number>>()
  for (const recording of recordings) {
    const { source } = recording.producer
    const values = sources.get(source) ?? new Map<string, number>()
    sources.set(source, values)
    const testimony = witness([recording.text])
    for (const { what, truth } of FIGURES) {
      const value = truth(recording, testimony)
      if (value !== undefined) values.set(what, (values.get(what) ?? 0) + value)
    }
  }
  return sources
}

function counted(what: string, column: string, metric: string): Figure {
  return {
    what,
    metrics: [metric],
    truth: ({ truth }, { series }) => numberIn(truth[column]) ?? seriesSum(series, metric),
  }
}

function moves(what: string, kind: string, column: 'truth_moves' | 'truth_moves_failed'): Figure {
  const failed = column === 'truth_moves_failed' ? '_failed' : ''
  return {
    what,
    metrics: [`quic_connection_migrations${failed}_total`],
    labels: { kind },
    truth: ({ truth }) => (truth.truth_move_kind === kind ? numberIn(truth[column]) : 0),
  }
}

function spurious({ producer, truth }: Recording, testimony: Testimony): number | undefined {
  switch (producer.spurious) {
    case 'event':
      // The column counts path-MTU probes as well; on the page they are apart.
      return Number(truth.spurious) - testimony.spuriousProbes
    case 'acks':
      return seriesSum(testimony.series, 'quic_packets_spuriously_lost_total')
    case 'nothing':
      return undefined
  }
}

function numberIn(cell: string | undefined): number | undefined {
  return cell === undefined ? undefined : Number(cell)
}

function seriesSum(series: ReadonlyMap<string, number>, metric: string): number {
  return [...series]
    .filter(([key]) => key === metric || key.startsWith(`${metric}{`))
    .reduce((sum, [, value]) => sum + value, 0)
}
