/** One file of a log that is no qlog: its lines, through decoding, to the metrics. */
import {
  dialectKey,
  Framer,
  LogDecoder,
  type LogDialect,
  type LogEvent,
  type LogListener,
  type LogState,
  logDialectOfKey,
  type QuicEvent,
  type RecordOutcome,
  type Skipping,
} from '../qlog-parsers/index.ts'
import type { InputMetrics } from './collectors/input.ts'
import type { StreamFacts } from './connections/connection.ts'
import type { ConnectionTable, Stream } from './connections/table.ts'
import type { LogInput } from './log-input.ts'
import type { SourceOptions, SourceReader } from './source-reader.ts'
import type { RowFields } from './state/row.ts'
import type { FileSink } from './tail/sink.ts'

const LF = 0x0a

/** As they are numbered in saved state. */
const SKIPPING: readonly Skipping[] = ['nothing', 'unknown', 'too_long']

export class LogFileReader implements FileSink, LogListener {
  readonly #source: number
  readonly #log: LogInput
  readonly #table: ConnectionTable
  readonly #input: InputMetrics
  readonly #owner: SourceReader
  readonly #framer: Framer
  readonly #decoder: LogDecoder
  readonly #facts: StreamFacts
  /** The next bytes begin with one that was counted before, or was there before us. */
  #overlaps = false
  #joinedLate = false
  #stream: Stream | undefined
  #dialect: LogDialect

  constructor(
    { source, maxRecordBytes }: SourceOptions,
    log: LogInput,
    table: ConnectionTable,
    input: InputMetrics,
    owner: SourceReader,
  ) {
    this.#source = source
    this.#log = log
    this.#table = table
    this.#input = input
    this.#owner = owner
    this.#dialect = log.dialect
    this.#facts = { capabilities: log.dialect.capabilities, vantage: 'server' }
    this.#decoder = new LogDecoder(log.dialect, log.settings, this)
    this.#framer = new Framer(maxRecordBytes, this.#decoder)
  }

  /** A log's first line may say what its writer tells. */
  header(chunk: Uint8Array): void {
    const end = chunk.indexOf(LF)
    if (end > 0) this.#decoder.header(chunk, 0, end)
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
    this.#input.read(this.#source, used - dropped - overlap)
    if (dropped > 0) this.#input.lost(this.#source, 'too_long', dropped)
    return used
  }

  silent(forMs: number): boolean {
    const changed = this.#decoder.settle(forMs * 1000, false)
    this.#owner.quiet(forMs)
    if (this.#stream !== undefined) this.#table.silent(this.#stream, forMs * 1000)
    return changed
  }

  closed(): void {
    this.#decoder.settle(0, true)
    this.#owner.quiet(Number.POSITIVE_INFINITY)
    if (this.#stream !== undefined) this.#table.finish(this.#stream)
  }

  /** A log has no end. */
  finished(): boolean {
    return false
  }

  state(row: RowFields): void {
    this.#joinedLate = row.flag(this.#joinedLate)
    this.#overlaps = row.flag(this.#overlaps)
    this.#framer.resume(row.choice(this.#framer.skipping, SKIPPING))
    const { state } = this.#decoder
    const now = JSON.stringify(state)
    const then = row.text(now)
    if (then !== now) this.#decoder.resume(JSON.parse(then) as LogState)
    const key = dialectKey(this.#dialect)
    const saved = row.text(key)
    const dialect = saved === key ? undefined : logDialectOfKey(saved)
    if (dialect !== undefined) this.became(dialect)
    this.#streamState(row)
  }

  #streamState(row: RowFields): void {
    const known = this.#stream
    const id = row.number(known?.id ?? 0)
    const newestAt = row.number(known?.newestAt ?? 0)
    const lookAt = row.number(known?.lookAt ?? 0)
    if (known !== undefined || id === 0) return
    const stream = this.#open()
    stream.newestAt = newestAt
    stream.lookAt = lookAt
    this.#owner.restored(id, stream)
  }

  log(event: LogEvent): void {
    this.#log.tell(event)
  }

  quic(connection: string, event: QuicEvent): void {
    this.#table.apply(this.#stream ?? this.#open(), connection, event.at, [event])
  }

  endpoint(event: QuicEvent): void {
    this.#log.tell(event)
  }

  line(outcome: RecordOutcome, at: number | undefined): void {
    this.#input.record(this.#source, outcome)
    if (outcome.kind === 'read' || outcome.kind === 'unread') this.#owner.familiar()
    else this.#owner.strange(`no line reads as ${this.#dialect.name}: is it the right dialect?`)
    if (at !== undefined) this.#owner.sawEventAt(at)
  }

  became(dialect: LogDialect): void {
    this.#dialect = dialect
    this.#facts.capabilities = dialect.capabilities
    this.#owner.found(dialect)
  }

  #open(): Stream {
    const joinedLate = this.#joinedLate || this.#dialect.tellsOpenings === true
    this.#stream = this.#table.stream(this.#source, this.#facts, joinedLate)
    return this.#stream
  }
}
