/** `inspect` of a log that is no qlog: its lines by kind, what went wrong in them, and what they can tell. */
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import ndjson from 'ndjson'
import {
  Framer,
  LogDecoder,
  type LogDialect,
  type LogEvent,
  type LogListener,
  type QuicEvent,
  type RecordOutcome,
} from '../qlog-parsers/index.ts'
import { capabilityText, countsText, increment, isoTime, labelled } from './inspect-text.ts'
import type { LogInput } from './log-input.ts'
import { feedFile, filesOf } from './replay.ts'

/** How it is read. */
export type InspectedLog = Pick<LogInput, 'dialect' | 'settings'>

/** The report on all files, for people; throws what the file system throws. */
export async function inspectLogReport(
  paths: readonly string[],
  log: InspectedLog,
  maxRecordBytes: number,
): Promise<string> {
  const texts: string[] = []
  const found = new Set<LogDialect>()
  for (const path of paths.flatMap((path) => filesOf(path, false))) {
    const tally = new Tally(log.dialect)
    for await (const _ of linesOf(path, log, maxRecordBytes, tally));
    texts.push(fileText(path, tally))
    found.add(tally.dialect)
  }
  return [...texts, ...[...found].map(capabilityText)].join('\n')
}

/** The events of all files as NDJSON, written as they are read. */
export async function inspectLogEvents(
  paths: readonly string[],
  log: InspectedLog,
  maxRecordBytes: number,
  out: NodeJS.WritableStream,
): Promise<void> {
  const files = paths.flatMap((path) => filesOf(path, false))
  await pipeline(Readable.from(eventsOf(files, log, maxRecordBytes)), ndjson.stringify(), out, {
    end: false,
  })
}

async function* eventsOf(files: readonly string[], log: InspectedLog, maxRecordBytes: number) {
  for (const file of files) {
    const lines: object[] = []
    const tally = new Tally(log.dialect, (event, connection) => {
      lines.push({ file, ...(connection === undefined ? {} : { connection }), ...event })
    })
    for await (const _ of linesOf(file, log, maxRecordBytes, tally)) yield* lines.splice(0)
    yield* lines
  }
}

/** Reads a file piece by piece; what waits for another line is told at its end. */
async function* linesOf(
  path: string,
  { dialect, settings }: InspectedLog,
  maxRecordBytes: number,
  tally: Tally,
): AsyncGenerator<void, void> {
  const decoder = new LogDecoder(dialect, settings, tally)
  yield* feedFile(path, new Framer(maxRecordBytes, decoder))
  decoder.settle(0, true)
}

/** Counts what a file says. */
class Tally implements LogListener {
  dialect: LogDialect
  lines = 0
  unknown = 0
  rejectedValues = 0
  firstAt: number | undefined
  lastAt: number | undefined
  readonly kinds = new Map<string, number>()
  readonly rejected = new Map<string, number>()
  readonly protocols = new Map<string, number>()
  readonly connections = new Set<string>()
  readonly #visit: ((event: LogEvent | QuicEvent, connection?: string) => void) | undefined

  constructor(
    dialect: LogDialect,
    visit?: (event: LogEvent | QuicEvent, connection?: string) => void,
  ) {
    this.dialect = dialect
    this.#visit = visit
  }

  log(event: LogEvent): void {
    if (event.type === 'request') increment(this.protocols, event.protocol)
    this.#visit?.(event)
  }

  quic(connection: string, event: QuicEvent): void {
    this.connections.add(connection)
    this.#visit?.(event, connection)
  }

  endpoint(event: QuicEvent): void {
    this.#visit?.(event)
  }

  became(dialect: LogDialect): void {
    this.dialect = dialect
  }

  line(outcome: RecordOutcome, at: number | undefined): void {
    this.lines += 1
    if (at !== undefined) {
      this.firstAt = Math.min(at, this.firstAt ?? at)
      this.lastAt = Math.max(at, this.lastAt ?? at)
    }
    if (outcome.kind === 'rejected') increment(this.rejected, outcome.reason)
    else if (outcome.kind === 'unknown') this.unknown += 1
    else if (outcome.kind === 'read' || outcome.kind === 'unread') {
      increment(this.kinds, outcome.name)
      this.rejectedValues += outcome.rejectedValues
    }
  }
}

function fileText(path: string, tally: Tally): string {
  const { dialect, firstAt, lastAt } = tally
  const told = [
    labelled('dialect', dialect.name),
    labelled('producer', dialect.producers),
    labelled('lines', String(tally.lines)),
    labelled('by kind', countsText(tally.kinds) || 'none'),
    ...(firstAt === undefined || lastAt === undefined
      ? []
      : [labelled('time span', `${isoTime(firstAt)} to ${isoTime(lastAt)}`)]),
    labelled('requests', countsText(tally.protocols) || 'none'),
    ...(tally.connections.size === 0
      ? []
      : [labelled('connections', `${tally.connections.size} by name`)]),
    labelled('rejected', countsText(tally.rejected) || 'none'),
    ...(tally.rejectedValues === 0 ? [] : [labelled('bad values', String(tally.rejectedValues))]),
    labelled('unknown lines', String(tally.unknown)),
  ]
  return `${path}\n${told.join('\n')}\n`
}
