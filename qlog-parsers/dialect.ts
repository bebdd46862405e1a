/** How one QUIC implementation writes its log: the contract of everything under dialects/. */
import type { Capabilities } from './capabilities.ts'
import type { Fields, JsonObject } from './decoding/fields.ts'
import type { QuicEvent } from './events.ts'
import type { DialectRules } from './rules.ts'
import type { Cursor } from './scanning/cursor.ts'
import type { TraceHeader } from './trace-header.ts'

/** What a reader is given besides the record's `data`. */
export interface Reading {
  /** Event time, integer microseconds. */
  readonly at: number
  readonly fields: Fields
  readonly vantage: 'server' | 'client'
  /** Takes an event that the record tells. Nothing is applied if the reader then returns false. */
  emit(event: QuicEvent): void
  /** The record shows that a sibling dialect wrote this file, one that tells more. */
  become(dialect: Dialect): void
}

/** Reads one kind of event from its parsed `data`; false if that lacks what the event must have. */
export type Reader = (data: JsonObject, reading: Reading) => boolean

/**
 * What is to be made of the values that a record in place gave: the same events as its reader emits, or
 * false if the JSON path must decide; then nothing of what it emitted counts. Depends on nothing else: it is
 * used again for every record that differs in its values only.
 */
export type Plan = (values: Float64Array, ids: readonly string[], reading: Reading) => boolean

/** Reads the same kind of event in place, from the bytes of its `data`; undefined if it does not know them. */
export type Scan = (cursor: Cursor) => Plan | undefined

export interface Dialect {
  /** Value of the `dialect` label; also the name of its fixture folder. */
  readonly name: string
  /** Tells apart those of one name: what a record shows that the header does not tell. */
  readonly variant?: string
  /** Which programs write it, for `inspect` and the documentation. */
  readonly producers: string
  /** What an operator can switch on to get more out of this producer. */
  readonly advice: string
  /** Whether this implementation wrote the file that opens with `header`. */
  wrote(header: TraceHeader): boolean
  readonly capabilities: Capabilities
  /** What its variants tell, all of them together, where records show more than the header. */
  readonly atMost?: Capabilities
  /** How it shows what writers show in different ways. */
  readonly rules: DialectRules
  /** One reader per event name. */
  readonly readers: ReadonlyMap<string, Reader>
  /** Faster readers of the most frequent events, by event name. */
  readonly scans: ReadonlyMap<string, Scan>
  /** Event names that it writes and nobody reads: such records are never parsed. */
  readonly unread: ReadonlySet<string>
}
