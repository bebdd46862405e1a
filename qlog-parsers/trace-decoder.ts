/** One qlog file, record by record: the header, then events in normalised words. */
import { MOST_STEP_US } from './decoding/bounds.ts'
import { JsonPath, parseRecord } from './decoding/json-path.ts'
import { emptyRecord, type RecordContext, type RecordDecoder } from './decoding/record-decoder.ts'
import { ScanPath } from './decoding/scan-path.ts'
import type { Dialect } from './dialect.ts'
import { dialectOf } from './dialects/index.ts'
import type { QuicEvent } from './events.ts'
import type { TraceSink } from './framing/contained-framer.ts'
import type { RejectReason } from './framing/framer.ts'
import {
  type Remembered,
  readTraceHeader,
  rememberedHeader,
  type TraceHeader,
} from './trace-header.ts'
import { microseconds } from './trace-shape.ts'

/** What is known of the file once its header was read. */
export interface Trace {
  readonly header: TraceHeader
  readonly dialect: Dialect
  readonly vantage: 'server' | 'client'
}

/** Receives what a file says, in order, synchronously. */
export interface TraceListener {
  /** The header was read and names a dialect and the vantage that was asked for; also when it turns out better. */
  opened(trace: Trace): void
  /** The file goes on with another trace: nothing more comes of the one that was read. */
  ended(): void
  /** One event record, whole: nothing of it is given if any of it is bad. `at`: integer µs. */
  events(group: string | undefined, at: number, events: readonly QuicEvent[]): void
  /** How each record was taken; rejected ones too. */
  record(outcome: RecordOutcome): void
}

export type RecordOutcome =
  | { readonly kind: 'header' }
  | {
      readonly kind: 'read' | 'unread' | 'unknown'
      readonly name: string
      readonly rejectedValues: number
    }
  /** A record of a trace that is not admitted: another vantage point, no dialect, or the reader's own. */
  | { readonly kind: 'not_admitted' }
  | { readonly kind: 'rejected'; readonly reason: RejectReason }

/** What one source's files are held to. */
export interface TraceExpectations {
  readonly vantage: 'server' | 'client'
  /** Set by configuration; otherwise the header decides. */
  readonly dialect?: Dialect
  /** Of servers: whether a trace whose header has this group is nobody's but the reader's own; it is not admitted. */
  readonly own?: { readonly isOwn: (group: string) => boolean }
}

/** Where a decoder stands behind the header: all that it must be given to go on in another process. */
export interface TraceState extends Remembered {
  /** Who writes the file; undefined: no dialect knows it. */
  readonly dialect: Dialect | undefined
  /** Event time of the newest record, µs. */
  readonly newestAt: number | undefined
  /** Where the times of the next record count from, in the trace's unit. */
  readonly timeBase: number
}

const fastPath: RecordDecoder = new ScanPath()
const jsonPath: RecordDecoder = new JsonPath()
const decoded = emptyRecord()

export class TraceDecoder implements TraceSink {
  readonly #expectations: TraceExpectations
  readonly #listener: TraceListener
  #header: TraceHeader | undefined
  /** Who writes the file, whether or not its trace is admitted. */
  #dialect: Dialect | undefined
  #trace: Trace | undefined
  #isOwn = false
  #context: Writable<RecordContext> | undefined
  /** Event time of the newest record, µs. */
  #newestAt: number | undefined
  /** A time far ahead of all others, until the next record agrees; not saved: it costs one record more. */
  #leaptTo: number | undefined
  #timeBase = 0

  constructor(expectations: TraceExpectations, listener: TraceListener) {
    this.#expectations = expectations
    this.#listener = listener
  }

  /** The header of the trace that is being read, once read itself. */
  get header(): TraceHeader | undefined {
    return this.#header
  }

  /** The open trace; undefined before the header and for a trace that is not admitted. */
  get trace(): Trace | undefined {
    return this.#trace
  }

  /** Who writes the file; undefined before the header, and if no dialect knows it. */
  get dialect(): Dialect | undefined {
    return this.#dialect
  }

  /** The trace that is being read is the reader's own, and not admitted. */
  get isOwn(): boolean {
    return this.#isOwn
  }

  /** Undefined before the header. */
  get state(): TraceState | undefined {
    if (this.#header === undefined) return undefined
    const { vantage, groupId, startedAtUs, shape } = this.#header
    const dialect = this.#dialect
    const timeBase = this.#timeBase
    return { vantage, groupId, startedAtUs, shape, dialect, newestAt: this.#newestAt, timeBase }
  }

  /** Goes on where another decoder stood; the listener hears that the trace is open. */
  resume({ dialect, newestAt, timeBase, ...remembered }: TraceState): void {
    this.#header = rememberedHeader(remembered)
    this.#newestAt = newestAt
    this.#timeBase = timeBase
    this.#dialect = dialect
    this.#admitIfAsked(this.#header)
  }

  /** A trace of a contained file begins. All traces of one file have one writer: the first tells which. */
  traceBegins(bytes: Uint8Array, start: number, end: number): void {
    if (this.#header !== undefined) this.#listener.ended()
    this.#trace = undefined
    this.#isOwn = false
    this.#newestAt = undefined
    this.#leaptTo = undefined
    this.#timeBase = 0
    this.#open(bytes, start, end, true)
  }

  record(bytes: Uint8Array, start: number, end: number, whole: boolean): void {
    if (this.#header === undefined) {
      this.#open(bytes, start, end, whole)
      return
    }
    const context = this.#context
    const trace = this.#trace
    if (trace === undefined || context === undefined) {
      this.#listener.record({ kind: 'not_admitted' })
      return
    }
    const outcome =
      fastPath.decode(bytes, start, end, context, decoded) ??
      jsonPath.decode(bytes, start, end, context, decoded) ??
      'other'
    if (outcome !== 'ok') {
      this.rejected(whole ? outcome : 'truncated')
      return
    }
    const { shape } = context
    const at = microseconds(decoded.time, shape)
    if (this.#leaps(at)) {
      this.rejected('time')
      return
    }
    this.#newestAt = Math.max(at, this.#newestAt ?? at)
    if (shape.isDelta) {
      this.#timeBase = decoded.time
      context.timeBase = decoded.time
    }
    if (decoded.become !== undefined && decoded.become !== trace.dialect) {
      this.#dialect = decoded.become
      this.#admit({ ...trace, dialect: decoded.become })
    }
    if (decoded.kind !== 'read') decoded.events.length = 0
    this.#listener.events(decoded.group, at, decoded.events)
    this.#listener.record({
      kind: decoded.kind,
      name: decoded.name,
      rejectedValues: decoded.rejectedValues,
    })
  }

  rejected(reason: RejectReason): void {
    this.#listener.record({ kind: 'rejected', reason })
  }

  /**
   * A clock that leaps would settle everything at the wrong time, and never come back. One that is not alone was
   * right: a server that writes all its connections into one stream can be without any for more than a week.
   */
  #leaps(at: number): boolean {
    const leaptTo = this.#leaptTo
    this.#leaptTo = undefined
    if (at <= (this.#newestAt ?? at) + MOST_STEP_US) return false
    if (leaptTo !== undefined && Math.abs(at - leaptTo) <= MOST_STEP_US) return false
    this.#leaptTo = at
    return true
  }

  #open(bytes: Uint8Array, start: number, end: number, whole: boolean): void {
    const record = parseRecord(bytes, start, end)
    if (typeof record === 'string') {
      this.rejected(whole ? record : 'truncated')
      return
    }
    const header = readTraceHeader(record)
    if (header === undefined) {
      this.rejected('schema')
      return
    }
    this.#header = header
    this.#dialect ??= this.#expectations.dialect ?? dialectOf(header)
    this.#admitIfAsked(header)
    this.#listener.record({ kind: 'header' })
  }

  /**
   * Admits the trace of the side that is asked for. A trace that does not tell its side, and of which it
   * cannot be inferred (quinn writes `unknown`), is taken to be of that side: nothing tells them apart.
   */
  #admitIfAsked(header: TraceHeader): void {
    const { vantage, own } = this.#expectations
    const isAsked = header.vantage === vantage || header.vantage === 'unknown'
    const { groupId } = header
    this.#isOwn =
      isAsked && vantage === 'server' && groupId !== undefined && own?.isOwn(groupId) === true
    const dialect = this.#dialect
    if (dialect !== undefined && isAsked && !this.#isOwn) this.#admit({ header, dialect, vantage })
  }

  #admit(trace: Trace): void {
    const { dialect, vantage, header } = trace
    this.#trace = trace
    this.#context = { dialect, vantage, shape: header.shape, timeBase: this.#timeBase }
    this.#listener.opened(trace)
  }
}

type Writable<T> = { -readonly [key in keyof T]: T[key] }
