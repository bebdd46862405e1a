/** What one file holds, counted without any metric. */
import {
  type Dialect,
  FileFramer,
  type QuicEvent,
  type RecordOutcome,
  type RejectReason,
  type Trace,
  TraceDecoder,
  type TraceHeader,
  type TraceListener,
} from '../qlog-parsers/index.ts'
import { increment } from './inspect-text.ts'
import { feedFile } from './replay.ts'

export interface FileReport {
  readonly path: string
  readonly header: TraceHeader | undefined
  /** The dialect that reads it; undefined if no dialect or another vantage point was recognised. */
  readonly dialect: Dialect | undefined
  readonly records: number
  readonly events: ReadonlyMap<string, number>
  readonly unknown: ReadonlyMap<string, number>
  readonly rejected: ReadonlyMap<RejectReason, number>
  readonly rejectedValues: number
  readonly connections: number
  /** Event time of the first and the last event, µs. */
  readonly firstAt: number | undefined
  readonly lastAt: number | undefined
}

export type EventVisitor = (group: string, event: QuicEvent) => void

/** Reads a file to its end. Throws what the file system throws. */
export async function inspectFile(
  path: string,
  vantage: 'server' | 'client',
  maxRecordBytes: number,
): Promise<FileReport> {
  const pieces = inspectInPieces(path, vantage, maxRecordBytes)
  let result = await pieces.next()
  while (result.done !== true) result = await pieces.next()
  return result.value
}

/** Reads a file piece by piece, the header known after each; `visit` sees every normalised event. */
export async function* inspectInPieces(
  path: string,
  vantage: 'server' | 'client',
  maxRecordBytes: number,
  visit?: EventVisitor,
): AsyncGenerator<TraceHeader | undefined, FileReport> {
  const tally = new Tally(visit)
  const decoder = new TraceDecoder({ vantage }, tally)
  tally.header = () => decoder.header
  const framer = new FileFramer(maxRecordBytes, decoder)
  for await (const _ of feedFile(path, framer)) yield decoder.header
  return {
    path,
    header: decoder.header,
    dialect: decoder.trace?.dialect,
    records: tally.records,
    events: tally.eventCounts,
    unknown: tally.unknown,
    rejected: tally.rejected,
    rejectedValues: tally.rejectedValues,
    connections: tally.groups.size,
    firstAt: tally.firstAt,
    lastAt: tally.lastAt,
  }
}

/** Names of unknown events that are told apart. */
const MOST_NAMES = 50

class Tally implements TraceListener {
  records = 0
  rejectedValues = 0
  readonly eventCounts = new Map<string, number>()
  readonly unknown = new Map<string, number>()
  readonly rejected = new Map<RejectReason, number>()
  readonly groups = new Set<string>()
  firstAt: number | undefined
  lastAt: number | undefined
  header: () => TraceHeader | undefined = () => undefined
  readonly #visit: EventVisitor | undefined
  /** Traces that ended: others may follow in the same file. */
  #traces = 0

  constructor(visit: EventVisitor | undefined) {
    this.#visit = visit
  }

  opened(_trace: Trace): void {
    // The decoder keeps it.
  }

  ended(): void {
    this.#traces += 1
  }

  events(group: string | undefined, at: number, events: readonly QuicEvent[]): void {
    const name = group ?? this.header()?.groupId ?? ''
    this.groups.add(`${this.#traces} ${name}`)
    this.firstAt = Math.min(at, this.firstAt ?? at)
    this.lastAt = Math.max(at, this.lastAt ?? at)
    for (const event of events) this.#visit?.(name, event)
  }

  #unknownName(name: string): string {
    return this.unknown.size < MOST_NAMES || this.unknown.has(name) ? name : 'others'
  }

  record(outcome: RecordOutcome): void {
    this.records += 1
    if (outcome.kind === 'rejected') increment(this.rejected, outcome.reason)
    else if (outcome.kind === 'unknown') increment(this.unknown, this.#unknownName(outcome.name))
    else if (outcome.kind === 'read' || outcome.kind === 'unread') {
      increment(this.eventCounts, outcome.name)
      this.rejectedValues += outcome.rejectedValues
    }
  }
}
