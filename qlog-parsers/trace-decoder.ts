/** One qlog file, record by record: the header, then events in normalised words. */
import { MOST_STEP_US } from './decoding/bounds.ts'
import { JsonPath, microseconds, parseRecord } from './decoding/json-path.ts'
import { emptyRecord, type RecordDecoder } from './decoding/record-decoder.ts'
import { ScanPath } from './decoding/scan-path.ts'
import type { Dialect } from './dialect.ts'
import { dialectOf } from './dialects/index.ts'
import type { QuicEvent } from './events.ts'
import type { RecordSink, RejectReason } from './framing/framer.ts'
import {
  type Remembered,
  readTraceHeader,
  rememberedHeader,
  type TraceHeader,
} from './trace-header.ts'

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
  /** A record of a trace that is not admitted: another vantage point, or no dialect. */
  | { readonly kind: 'not_admitted' }
  | { readonly kind: 'rejected'; readonly reason: RejectReason }

/** What one source's files are held to. */
export interface TraceExpectations {
  readonly vantage: 'server' | 'client'
  /** Set by configuration; otherwise the header decides. */
  readonly dialect?: Dialect
}

/** Where a decoder stands behind the header: all that it must be given to go on in another process. */
export interface TraceState extends Remembered {
  /** Undefined: the trace is not admitted. */
  readonly dialect: Dialect | undefined
  /** Event time of the newest record, µs. */
  readonly newestAt: number | undefined
}

const fastPath: RecordDecoder = new ScanPath()
const jsonPath: RecordDecoder = new JsonPath()
const decoded = emptyRecord()

export class TraceDecoder implements RecordSink {
  readonly #expectations: TraceExpectations
  readonly #listener: TraceListener
  #header: TraceHeader | undefined
  #trace: Trace | undefined
  /** Event time of the newest record, µs. */
  #newestAt: number | undefined

  constructor(expectations: TraceExpectations, listener: TraceListener) {
    this.#expectations = expectations
    this.#listener = listener
  }

  /** The file's header, once read. */
  get header(): TraceHeader | undefined {
    return this.#header
  }

  /** The open trace; undefined before the header and for a trace that is not admitted. */
  get trace(): Trace | undefined {
    return this.#trace
  }

  /** Undefined before the header. */
  get state(): TraceState | undefined {
    if (this.#header === undefined) return undefined
    const { vantage, groupId, startedAtUs } = this.#header
    const dialect = this.#trace?.dialect
    return { vantage, groupId, startedAtUs, dialect, newestAt: this.#newestAt }
  }

  /** Goes on where another decoder stood; the listener hears that the trace is open. */
  resume({ dialect, newestAt, ...remembered }: TraceState): void {
    this.#header = rememberedHeader(remembered)
    this.#newestAt = newestAt
    if (dialect === undefined) return
    this.#admit({ header: this.#header, dialect, vantage: this.#expectations.vantage })
  }

  record(bytes: Uint8Array, start: number, end: number, whole: boolean): void {
    if (this.#header === undefined) {
      this.#open(bytes, start, end, whole)
      return
    }
    const trace = this.#trace
    if (trace === undefined) {
      this.#listener.record({ kind: 'not_admitted' })
      return
    }
    const outcome =
      fastPath.decode(bytes, start, end, trace, decoded) ??
      jsonPath.decode(bytes, start, end, trace, decoded) ??
      'other'
    if (outcome !== 'ok') {
      this.rejected(whole ? outcome : 'truncated')
      return
    }
    const at = microseconds(decoded.time)
    // A clock that leaps would settle everything at the wrong time, and never come back.
    if (at > (this.#newestAt ?? at) + MOST_STEP_US) {
      this.rejected('time')
      return
    }
    this.#newestAt = Math.max(at, this.#newestAt ?? at)
    if (decoded.become !== undefined && decoded.become !== trace.dialect) {
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
    const dialect = this.#expectations.dialect ?? dialectOf(header)
    if (dialect !== undefined && header.vantage === this.#expectations.vantage) {
      this.#admit({ header, dialect, vantage: this.#expectations.vantage })
    }
    this.#listener.record({ kind: 'header' })
  }

  #admit(trace: Trace): void {
    this.#trace = trace
    this.#listener.opened(trace)
  }
}
