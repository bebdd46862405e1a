// The figures that are known from elsewhere: columns of TRUTH.tsv and the moves of the peer.
import type { Measured } from './accuracy-cases.ts'
import { readPage } from './accuracy-series.ts'

/** One such figure beside what `replay` says. */
export interface Figure {
  readonly name: string
  readonly replay: number | string
  readonly truth: number | string
}

const counts: readonly (readonly [column: string, name: string, family: string])[] = [
  ['packets_sent', 'packets sent', 'quic_packets_sent_total'],
  ['packets_received', 'packets received', 'quic_packets_received_total'],
  ['bytes_sent', 'bytes sent', 'quic_sent_bytes_total'],
  ['bytes_received', 'bytes received', 'quic_received_bytes_total'],
  ['pc_tx', 'challenges sent', 'quic_path_challenges_sent_total'],
  ['pc_rx', 'challenges received', 'quic_path_challenges_received_total'],
  ['pr_tx', 'responses sent', 'quic_path_responses_sent_total'],
  ['pr_rx', 'responses received', 'quic_path_responses_received_total'],
]
const moved = 'quic_connection_migrations_total'

/** All figures of one recording that must agree exactly. */
export function figuresOf(one: Measured): Figure[] {
  const { page, truth, moves } = one
  const figures: Figure[] = []
  if (truth) {
    for (const [column, name, family] of counts) {
      figures.push({ name, replay: sumOf(page, family), truth: Number(truth[column]) })
    }
    figures.push(...lossFigures(one))
  }
  if (moves) {
    const failed = sumOf(page, 'quic_connection_migrations_failed_total')
    const kinds = readPage(page)
      .filter((sample) => sample.family === moved && sample.value > 0)
      .map((sample) => sample.labels.kind ?? '')
    figures.push({ name: 'moves', replay: sumOf(page, moved), truth: moves.total })
    figures.push({ name: 'moves failed', replay: failed, truth: moves.failed })
    figures.push({ name: 'kind of moves', replay: kinds.join(' ') || 'none', truth: moves.kind })
  }
  return figures
}

function lossFigures({ page, truth, testimony }: Measured): Figure[] {
  const lost = sumOf(page, 'quic_packets_lost_total')
  const probes = sumOf(page, 'quic_mtu_probes_lost_total')
  // quiche writes no event for a loss, but a running count.
  const column = testimony.writer === 'quiche' ? 'cf_lost_delta' : 'packet_lost'
  const declared = { name: 'lost', replay: lost + probes, truth: Number(truth?.[column]) }
  if (testimony.writer !== 'quic-go') return [declared]
  const spurious = sumOf(page, 'quic_packets_spuriously_lost_total') + testimony.spuriousProbes
  return [declared, { name: 'spurious', replay: spurious, truth: Number(truth?.spurious) }]
}

/** The sum of a family's series on a page. */
export function sumOf(page: string, family: string): number {
  return readPage(page)
    .filter((sample) => sample.family === family)
    .reduce((sum, sample) => sum + sample.value, 0)
}
