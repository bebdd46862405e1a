import type { Test } from 'tap'
import type { Page } from '../../live/exporter.ts'
import type { Book } from './book.ts'
import type { Exporter } from './exporter.ts'

type Counts = Readonly<Record<string, number>>

/** In what a fault differs from "every record once, and nothing else". */
export interface Expectation {
  /** Records that failed, by reason; none if not given. */
  readonly failed?: Counts
  /** Bytes that were lost, by reason; none if not given. */
  readonly lost?: Counts
  /** Files that were read anew, by reason or in all; none if not given. */
  readonly resets?: Counts | number
  /** Tracked files, where their number must come to something. */
  readonly files?: number
  /** Values of good records that could not be used. */
  readonly rejectedValues?: number
  readonly withinMs?: number
}

/**
 * Waits until the page says exactly what the book says, and says the same once more when it was
 * rendered anew, several sweeps later. What it says otherwise fails the test. `seen` is the
 * conservation of bytes: read, lost and waiting together are what was written.
 */
export async function untilExact(
  t: Test,
  exporter: Exporter,
  book: Book,
  expectation: Expectation = {},
): Promise<Page> {
  const expected = expectedFigures(book, expectation)
  const wanted = JSON.stringify(expected)
  const isExact = (page: Page) => JSON.stringify(figuresOf(page, expectation)) === wanted
  const first = await exporter
    .untilPage('exactness', isExact, expectation.withinMs)
    .catch(() => exporter.scrape())
  const page = isExact(first) ? await exporter.pageAfter(first) : first
  t.same(figuresOf(page, expectation), expected, 'what the page says is what was written')
  return page
}

/** Samples of a family by one label, those that are not 0. */
export function byLabel(page: Page, name: string, label: string): Counts {
  const sample = new RegExp(`^${name}\\{[^}]*\\b${label}="([^"]*)"[^}]*\\} (\\S+)$`, 'gm')
  const counts: Record<string, number> = {}
  for (const [, key = '', value] of page.text.matchAll(sample)) {
    if (Number(value) !== 0) counts[key] = (counts[key] ?? 0) + Number(value)
  }
  return counts
}

/** Files of all states. */
export function trackedFiles(page: Page): number {
  return page.value('quic_exporter_files') ?? 0
}

/** Packets applied so far. */
export function packetsOf(page: Page): number {
  return page.value('quic_packets_received_total', { packet_type: '1rtt' }) ?? 0
}

/** `9,999 of 10,000`. */
export function ofWritten(page: Page, book: Book): string {
  return `${packetsOf(page).toLocaleString('en')} of ${book.packets.toLocaleString('en')}`
}

function expectedFigures(book: Book, expectation: Expectation) {
  const { failed = {}, lost = {}, resets = {}, files } = expectation
  return {
    packets: book.packets,
    payload: book.payload,
    failed: sorted(failed),
    lost: sorted(lost),
    lag: 0,
    seen: book.written,
    rejectedValues: expectation.rejectedValues ?? 0,
    unknown: 0,
    resets: typeof resets === 'number' ? resets : sorted(resets),
    ...(files === undefined ? {} : { files }),
  }
}

function figuresOf(page: Page, expectation: Expectation): ReturnType<typeof expectedFigures> {
  const value = (name: string) => page.value(`quic_exporter_${name}`) ?? 0
  const lag = value('lag_bytes')
  const inAll = typeof expectation.resets === 'number'
  return {
    packets: packetsOf(page),
    payload: page.value('quic_received_bytes_total') ?? 0,
    failed: sorted(byLabel(page, 'quic_exporter_records_failed_total', 'reason')),
    lost: sorted(byLabel(page, 'quic_exporter_lost_bytes_total', 'reason')),
    lag,
    seen: value('read_bytes_total') + value('lost_bytes_total') + lag,
    rejectedValues: value('values_rejected_total'),
    unknown: value('events_unknown_total'),
    resets: inAll
      ? value('file_resets_total')
      : sorted(byLabel(page, 'quic_exporter_file_resets_total', 'reason')),
    ...(expectation.files === undefined ? {} : { files: trackedFiles(page) }),
  }
}

function sorted(counts: Counts): Counts {
  return Object.fromEntries(Object.entries(counts).sort())
}
