/** One qlog file: its bytes through framing and decoding to the connections of its stream. */
import {
  eventClockUs,
  FileFramer,
  type QuicEvent,
  type RecordOutcome,
  type Trace,
  TraceDecoder,
  type TraceListener,
} from '../qlog-parsers/index.ts'
import type { InputMetrics } from './collectors/input.ts'
import type { StreamFacts } from './connections/connection.ts'
import type { ConnectionTable, Stream } from './connections/table.ts'
import { framingRow, traceRow } from './qlog-row.ts'
import type { SourceOptions, SourceReader } from './source-reader.ts'
import type { RowFields } from './state/row.ts'
import type { FileSink } from './tail/sink.ts'

export class TraceFileReader implements FileSink, TraceListener {
  readonly #options: SourceOptions
  readonly #table: ConnectionTable
  readonly #input: InputMetrics
  readonly #owner: SourceReader
  readonly #framer: FileFramer
  readonly #decoder: TraceDecoder
  #joinedLate = false
  /** The next bytes begin with one that was counted before, or was there before us. */
  #overlaps = false
  #stream: Stream | undefined
  #facts: StreamFacts | undefined

  constructor(
    options: SourceOptions,
    table: ConnectionTable,
    input: InputMetrics,
    owner: SourceReader,
  ) {
    // One object for all files of a source: there can be 100,000.
    this.#options = options
    this.#table = table
    this.#input = input
    this.#owner = owner
    this.#decoder = new TraceDecoder(options, this)
    this.#framer = new FileFramer(options.maxRecordBytes, this.#decoder)
  }

  header(chunk: Uint8Array): void {
    this.#framer.header(chunk)
  }

  skipToRecord(): void {
    this.#joinedLate = true
    this.#overlaps = true
    this.#framer.skipToRecord()
  }

  feed(chunk: Uint8Array, atEnd: boolean): number {
    const used = this.#framer.feed(chunk, atEnd)
    const dropped = this.#framer.takeDropped()
    const overlap = this.#overlaps && used > 0 ? 1 : 0
    if (overlap > 0) this.#overlaps = false
    this.#input.read(this.#options.source, used - dropped - overlap)
    if (dropped > 0) this.#input.lost(this.#options.source, 'too_long', dropped)
    return used
  }

  silent(forMs: number): boolean {
    this.#owner.quiet(forMs)
    if (this.#stream !== undefined) this.#table.silent(this.#stream, forMs * 1000)
    // Connections are rows of their own.
    return false
  }

  closed(): void {
    this.#owner.quiet(Number.POSITIVE_INFINITY)
    if (this.#stream !== undefined) this.#table.finish(this.#stream)
  }

  finished(): boolean {
    // Whatever follows, nothing of it will be used.
    if (this.#decoder.isOwn) return true
    if (this.#decoder.trace === undefined || this.#stream === undefined) return false
    const { connections, over } = this.#stream
    // The connections of a source that was dropped are gone, not over.
    if (connections.size + over.size === 0) return false
    for (const { closedAs } of connections.values()) if (closedAs === undefined) return false
    return true
  }

  state(row: RowFields): void {
    this.#joinedLate = row.flag(this.#joinedLate)
    this.#overlaps = row.flag(this.#overlaps)
    framingRow(this.#framer, row)
    traceRow(this.#decoder, row)
    this.#streamState(row)
  }

  #streamState(row: RowFields): void {
    const known = this.#stream
    const id = row.number(known?.id ?? 0)
    const newestAt = row.number(known?.newestAt ?? 0)
    const lookAt = row.number(known?.lookAt ?? 0)
    if (known !== undefined || id === 0 || this.#facts === undefined) return
    const stream = this.#table.stream(this.#options.source, this.#facts, this.#joinedLate)
    stream.newestAt = newestAt
    stream.lookAt = lookAt
    this.#stream = stream
    this.#owner.restored(id, stream)
  }

  opened(trace: Trace): void {
    this.#owner.found(trace.dialect)
    if (this.#facts === undefined) {
      this.#facts = { capabilities: trace.dialect.capabilities, vantage: trace.vantage }
    } else this.#facts.capabilities = trace.dialect.capabilities
  }

  ended(): void {
    this.closed()
    this.#stream = undefined
  }

  events(group: string | undefined, at: number, events: readonly QuicEvent[]): void {
    const { header } = this.#decoder
    if (this.#facts === undefined || header === undefined) return
    this.#stream ??= this.#table.stream(this.#options.source, this.#facts, this.#joinedLate)
    this.#table.apply(this.#stream, group ?? header.groupId ?? '', at, events)
    const wallClock = eventClockUs(header, at)
    if (wallClock !== undefined) this.#owner.sawEventAt(wallClock)
  }

  record(outcome: RecordOutcome): void {
    this.#input.record(this.#options.source, outcome)
    if (outcome.kind === 'header') {
      this.#owner.familiar()
      this.#countOwn()
      if (this.#decoder.trace === undefined && !this.#decoder.isOwn) this.#tellUnread()
    } else if (outcome.kind === 'rejected' && this.#decoder.header === undefined) {
      this.#owner.strange('no qlog header: any other kind of log needs its dialect named')
    }
  }

  /** A header that names its connection shows whether it is a probe's; one that does not shows nothing. */
  #countOwn(): void {
    const { header, dialect, isOwn } = this.#decoder
    const couldTell = this.#options.vantage === 'server' && header?.groupId !== undefined
    if (couldTell && this.#options.own?.isUsed) this.#input.ownProbes(this.#options.source, 0)
    if (!isOwn) return
    this.#input.ownProbes(this.#options.source, 1)
    // What writes the source can tell as much of others.
    if (dialect !== undefined) this.#owner.found(dialect)
  }

  #tellUnread(): void {
    const { vantage } = this.#decoder.header ?? {}
    const isOther = vantage !== this.#options.vantage && vantage !== 'unknown'
    this.#owner.unread(
      isOther ? `traces of vantage point ${vantage}` : 'no dialect recognises the header',
    )
  }
}
