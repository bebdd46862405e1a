// The tables of docs/accuracy.md with one line per recording.
import type { Measured } from './accuracy-cases.ts'
import { figuresOf } from './accuracy-figures.ts'
import { readPage } from './accuracy-series.ts'

type Column = readonly [heading: string, series: string]

/** Columns of docs/accuracy.md that the witness works out, as headings and series. */
export const PATH_COLUMNS: readonly Column[] = [
  ['validations', 'quic_path_validations_total'],
  ['failed', 'quic_path_validations_failed_total'],
  ['abandoned', 'quic_path_validations_abandoned_total'],
  ['validation, s', 'quic_path_validation_duration_seconds_sum'],
  ['connections, s', 'quic_connection_duration_seconds_sum'],
  ['handshakes, s', 'quic_handshake_duration_seconds_sum'],
  ['slow start, s', seconds('slow_start')],
  ['congestion avoidance, s', seconds('congestion_avoidance')],
  ['recovery, s', seconds('recovery')],
  ['application limited, s', seconds('application_limited')],
  ['idle, s', seconds('idle')],
]

/** The same for recovery metrics. */
export const RECOVERY_COLUMNS: readonly Column[] = [
  ['busy seconds', 'quic_congestion_window_bytes_count'],
  ['with an RTT', 'quic_rtt_seconds_count'],
  ['Σ RTT, s', 'quic_rtt_seconds_sum'],
  ['Σ above minimum, s', 'quic_rtt_above_min_seconds_sum'],
  ['Σ variation, s', 'quic_rtt_variation_seconds_sum'],
  ['Σ minimum, s', 'quic_min_rtt_seconds_sum'],
  ['Σ window, B', 'quic_congestion_window_bytes_sum'],
  ['Σ in flight, B', 'quic_in_flight_bytes_sum'],
  ['Σ bandwidth, B/s', 'quic_bandwidth_estimate_bytes_per_second_sum'],
  ['probe timeouts', 'quic_pto_total'],
]

function seconds(state: string): string {
  return `quic_congestion_state_seconds_total{state="${state}"}`
}

/** A Markdown table; the first column is text, all others are numbers. */
export function tableOf(
  headings: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const rules = headings.map((_, index) => (index === 0 ? '---' : '--:'))
  return [headings, rules, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

/** How a recording is called in the tables. */
export function titleOf({ name, isSynthetic }: Measured): string {
  return isSynthetic ? `${name} (hand-made)` : name
}

/** What TRUTH.tsv knows beside what `replay` says, for all recordings that it has. */
export function figuresTable(all: readonly Measured[]): string {
  const known = all.filter((one) => one.truth)
  const headings = known.flatMap(figuresOf).map((figure) => figure.name)
  const names = [...new Set(headings)]
  const rows = known.map((one) => {
    const figures = new Map(figuresOf(one).map((figure) => [figure.name, figure]))
    const cells = names.map((name) => {
      const figure = figures.get(name)
      return figure ? both(figure.replay, figure.truth) : '–'
    })
    return [titleOf(one), ...cells]
  })
  return tableOf(['recording', ...names], rows)
}

/** What the witness says beside what `replay` says. */
export function witnessTable(all: readonly Measured[], columns: readonly Column[]): string {
  const rows = all.map((one) => {
    const page = new Map(readPage(one.page).map((sample) => [sample.key, sample.value]))
    const cells = columns.map(([, series]) => {
      const value = page.get(series)
      const expected = one.testimony.series.get(series)
      if (value === undefined && expected === undefined) return '–'
      return both(value ?? 'absent', expected ?? 0)
    })
    return [titleOf(one), ...cells]
  })
  return tableOf(['recording', ...columns.map(([heading]) => heading)], rows)
}

// One number where both agree.
function both(replay: number | string, expected: number | string): string {
  if (replay === expected) return `${replay}`
  const difference = typeof replay === 'number' && typeof expected === 'number'
  return `**${replay} ≠ ${expected}**${difference ? ` (${replay - expected})` : ''}`
}
