import type { Page } from './page.ts'
import { PRODUCERS } from './producers.ts'

type Labels = Readonly<Record<string, string>>

interface Column {
  readonly group: string
  readonly name: string
  readonly width: number
  readonly value: (page: Page, labels: Labels) => string
}

const COLUMNS: readonly Column[] = [
  counter('connections', 'begun', 12, 'quic_connections_total'),
  counter('', 'open', 6, 'quic_connections_active'),
  counter('moves', 'NAT', 6, 'quic_connection_migrations_total', { kind: 'nat_rebinding' }),
  counter('', 'active', 8, 'quic_connection_migrations_total', { kind: 'active' }),
  counter('', 'failed', 8, 'quic_connection_migrations_failed_total'),
  counter('packets lost', 'declared', 13, 'quic_packets_lost_total'),
  counter('', 'spurious', 10, 'quic_packets_spuriously_lost_total'),
  { group: 'mean', name: 'RTT', width: 9, value: meanRtt },
]

/** What a page says, as two lines of headings, a line for each source, and one of input. */
export interface Progress {
  readonly head: readonly string[]
  readonly body: readonly string[]
}

/** A page as a table of 79 columns; `seconds` have passed since the beginning. */
export function progressTable(page: Page, seconds: number): Progress {
  const line = (first: string, cell: (column: Column) => string) =>
    first.padEnd(7) + COLUMNS.map((column) => cell(column).padStart(column.width)).join('')
  return {
    head: [line('', ({ group }) => group), line('', ({ name }) => name)],
    body: [
      ...PRODUCERS.map(({ source }) => line(source, ({ value }) => value(page, { source }))),
      '',
      inputOf(page, seconds),
    ],
  }
}

/** The same of all sources together, in one line. */
export function progressLine(page: Page, seconds: number): string {
  const cells = COLUMNS.map(({ group, name, value }) => {
    const before = group === '' ? ', ' : `; ${group} `
    return `${before}${name} ${value(page, {})}`
  })
  return inputOf(page, seconds) + cells.join('')
}

function counter(
  group: string,
  name: string,
  width: number,
  metric: string,
  labels: Labels = {},
): Column {
  const value = (page: Page, source: Labels) => numberOf(page.sum(metric, { ...source, ...labels }))
  return { group, name, width, value }
}

function meanRtt(page: Page, labels: Labels): string {
  const count = page.sum('quic_rtt_seconds_count', labels) ?? 0
  if (count === 0) return '–'
  return `${(((page.sum('quic_rtt_seconds_sum', labels) ?? 0) / count) * 1000).toFixed(1)} ms`
}

function inputOf(page: Page, seconds: number): string {
  const bytes = (name: string) => sizeOf(page.sum(`quic_exporter_${name}`) ?? 0)
  const time = `${Math.floor(seconds / 60)}:${String(Math.floor(seconds) % 60).padStart(2, '0')}`
  const lag = `lag ${bytes('lag_bytes')} (records still being written)`
  return `${time}  ${bytes('read_bytes_total')} of logs read, ${lag}`
}

function sizeOf(bytes: number): string {
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`
}

function numberOf(value: number | undefined): string {
  return value === undefined ? '–' : value.toLocaleString('en')
}
