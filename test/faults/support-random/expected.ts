/** What the page must say when the exporter has come to everything. */
import type { Page } from '../../support/page.ts'
import { total } from '../../support/page.ts'
import type { World } from './world.ts'
import { MAX_RECORD_BYTES, type WorldFile } from './world-file.ts'

/** Figures of a page that the model knows too. */
export interface Figures {
  readonly packets: number
  /** Sum of the packets' lengths, in bytes. */
  readonly payload: number
  readonly connections: number
  readonly closed: number
  /** Connections whose duration is known. */
  readonly durations: number
  /** Records of which nothing was used. */
  readonly failed: number
  readonly lost: number
  readonly lag: number
  /** Bytes read, lost and waiting. */
  readonly seen: number
  /** Files read anew that were not replaced by others on the same inode. */
  readonly resets: number
}

export function figuresOf(page: Page): Figures {
  const value = (name: string, labels = {}) => total(page, name, labels) ?? 0
  const own = (name: string, labels = {}) => value(`quic_exporter_${name}`, labels)
  const [lost, lag] = [own('lost_bytes_total'), own('lag_bytes')]
  return {
    packets: value('quic_packets_received_total', { packet_type: '1rtt' }),
    payload: value('quic_received_bytes_total'),
    connections: value('quic_connections_total'),
    closed: value('quic_connections_closed_total'),
    durations: value('quic_connection_duration_seconds_count'),
    failed: own('records_failed_total'),
    lost,
    lag,
    seen: own('read_bytes_total') + lost + lag,
    resets: own('file_resets_total') - own('file_resets_total', { reason: 'replaced' }),
  }
}

/** Without truncation there is one right answer. */
export function expectedOf({ files }: World): Figures {
  return sumOf(files.map((file) => ofFile(file, file.now.over)))
}

/** All right answers, where it is not known which of the files that were taken away have ended. */
export function alternativesOf({ files }: World): Figures[] {
  let alternatives: Figures[] = [sumOf([])]
  for (const file of files) {
    const own = file.place === 'read' ? [false] : [false, true]
    alternatives = alternatives.flatMap((before) =>
      own.map((over) => sumOf([before, ofFile(file, over)])),
    )
    alternatives = unique(alternatives)
  }
  return alternatives
}

function ofFile(file: WorldFile, over: boolean): Figures {
  const { written, closed, long } = file
  const rest = restOf(file, over)
  const records = written.records + rest.packets
  const exists = records > 0 ? 1 : 0
  return {
    packets: records,
    payload: written.payload + rest.payload,
    connections: exists,
    closed: over || closed ? exists : 0,
    durations: over || closed ? exists : 0,
    failed: long.records + rest.failed,
    lost: long.bytes + rest.lost,
    lag: rest.lag,
    seen: written.bytes,
    resets: 0,
  }
}

/** What becomes of an unfinished last record. */
function restOf({ torn }: WorldFile, over: boolean): Figures {
  if (torn === undefined) return ZERO
  // Behind its separator.
  const length = torn.bytes - 1
  if (torn.long && length > MAX_RECORD_BYTES) return { ...ZERO, failed: 1, lost: length }
  if (!over) return { ...ZERO, lag: torn.bytes }
  return torn.whole ? { ...ZERO, packets: 1, payload: torn.payload } : { ...ZERO, failed: 1 }
}

const ZERO: Figures = {
  packets: 0,
  payload: 0,
  connections: 0,
  closed: 0,
  durations: 0,
  failed: 0,
  lost: 0,
  lag: 0,
  seen: 0,
  resets: 0,
}

/** What several together make on the page. */
export function sumOf(list: readonly Partial<Figures>[]): Figures {
  const sum: Record<keyof Figures, number> = { ...ZERO }
  for (const one of list) {
    for (const key of Object.keys(ZERO) as (keyof Figures)[]) sum[key] += one[key] ?? 0
  }
  return sum
}

function unique(list: readonly Figures[]): Figures[] {
  return [...new Map(list.map((one) => [JSON.stringify(one), one])).values()]
}

/** In what the page differs from what it must say; undefined: in nothing. */
export function differenceOf(found: Figures, expected: Figures): string | undefined {
  const different = (Object.keys(ZERO) as (keyof Figures)[])
    .filter((key) => found[key] !== expected[key])
    .map((key) => `${key}: ${found[key]}, not ${expected[key]}`)
  return different.length === 0 ? undefined : different.join('; ')
}

/** What truncation takes away unread is not promised: where the figures leave their bounds, if so. */
export function beyondBounds(found: Figures, { files }: World): string | undefined {
  const cut = files.filter(({ place }) => place === 'cut')
  const rest = sumOf(
    files.filter(({ place }) => place !== 'cut').map((file) => ofFile(file, file.now.over)),
  )
  const sum = (value: (file: WorldFile) => number) =>
    cut.reduce((all, file) => all + value(file), 0)
  const bounds: [keyof Figures, least: number, most: number][] = [
    ['packets', sum(({ now }) => now.records), sum(({ written }) => written.records)],
    ['payload', sum(({ now }) => now.payload), sum(({ written }) => written.payload)],
    // What was seen is read, lost or waits: each byte that the exporter knew of, and no other. A header
    // alone may be the same in the file that follows, and is seen once then.
    ['seen', sum(({ now }) => (now.records > 0 ? now.used : 0)), sum(({ now }) => now.bytes)],
    ['lag', 0, 0],
    ['failed', 0, sum(({ long, torn }) => long.records + (torn?.long ? 1 : 0))],
  ]
  const beyond = bounds.filter(
    ([key, least, most]) => found[key] < rest[key] + least || found[key] > rest[key] + most,
  )
  if (beyond.length === 0) return undefined
  return beyond
    .map(
      ([key, least, most]) =>
        `${key}: ${found[key]}, not ${rest[key] + least} to ${rest[key] + most}`,
    )
    .join('; ')
}
