/** The interface that every way of decoding a record has: the JSON reference path today, a scanner later. */
import type { Dialect } from '../dialect.ts'
import type { QuicEvent } from '../events.ts'
import type { RejectReason } from '../framing/framer.ts'
import type { TraceShape } from '../trace-shape.ts'

/** What the record's file has told so far. */
export interface RecordContext {
  readonly dialect: Dialect
  readonly vantage: 'server' | 'client'
  readonly shape: TraceShape
  /** Time of the event before, in the trace's unit, if times count from it; else 0. */
  readonly timeBase: number
}

/** One decoded record; reused from call to call. */
export interface DecodedRecord {
  /** Event name as written; empty if the record names none. */
  name: string
  /** Per-event `group_id`, where the record has one. */
  group: string | undefined
  /** Event time in the trace's unit, from the trace's reference time on. */
  time: number
  /** `read`: events hold what it says; `unread`: known, nobody reads it; `unknown`: no dialect knows it. */
  kind: 'read' | 'unread' | 'unknown'
  readonly events: QuicEvent[]
  rejectedValues: number
  /** A sibling dialect that the record proves to be the writer. */
  become: Dialect | undefined
}

/**
 * Decodes the record `bytes[start, end)` into `out`. A reason means that nothing of it may be applied;
 * undefined from a fast path means "not mine": the JSON path decides.
 */
export interface RecordDecoder {
  decode(
    bytes: Uint8Array,
    start: number,
    end: number,
    context: RecordContext,
    out: DecodedRecord,
  ): 'ok' | RejectReason | undefined
}

/** An empty record to decode into. */
export function emptyRecord(): DecodedRecord {
  return {
    name: '',
    group: undefined,
    time: 0,
    kind: 'unknown',
    events: [],
    rejectedValues: 0,
    become: undefined,
  }
}
