/** How one program writes a log that is no qlog: the contract of everything under request-logs/ and lb-events/. */
import type { Capabilities } from './capabilities.ts'
import type { QuicEvent } from './events.ts'
import type { RejectReason } from './framing/framer.ts'
import type { LogEvent } from './log-events.ts'
import type { DialectRules } from './rules.ts'

/** Takes what one line says, in order. Nothing of it is applied if the line is then rejected. */
export interface LineOutput {
  /** Something about requests or backends. */
  emit(event: LogEvent): void
  /** Something about one QUIC connection, which the log calls by this name. */
  quic(connection: string, event: QuicEvent): void
  /** Something about QUIC of which the log names no connection that could be followed. */
  endpoint(event: QuicEvent): void
  /** The line shows that its writer tells more than was known: a sibling dialect with more capabilities. */
  become(dialect: LogDialect): void
}

/** How a line was taken. `at`: when it was written, Unix µs; undefined where it does not say. */
export type LineOutcome =
  | {
      readonly kind: 'read' | 'unread'
      /** One of the dialect's `lines`. */
      readonly name: string
      readonly at: number | undefined
      /** Values that were there but not usable. */
      readonly rejectedValues?: number
    }
  /** A line of a form that the dialect does not know. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'rejected'; readonly reason: RejectReason }

/** Reads the lines of one file, in order; holds what a line means only together with earlier ones. */
export interface LineReader {
  /** The line `bytes[start, end)`, without its end. */
  read(bytes: Uint8Array, start: number, end: number, out: LineOutput): LineOutcome
  /** The first line of a file that is not read from its beginning: only what it says of its writer counts. */
  header?(bytes: Uint8Array, start: number, end: number, out: LineOutput): void
  /**
   * No further line came for `forUs`; `isEnd`: none will. What waits for a line that never comes is told.
   * Returns whether anything was told or forgotten.
   */
  settle?(forUs: number, isEnd: boolean, out: LineOutput): boolean
  /** Everything that it holds, bounded, as data that survives JSON; undefined: nothing. */
  state?(): unknown
  /** Takes over what another reader held; called before the first line, with what `state` returned. */
  restore?(state: unknown): void
}

/**
 * What can be said of a log of a form that nobody knows. `time` is RFC 3339, or Unix seconds, milliseconds
 * or microseconds, told apart by their size.
 */
export const MAPPED_FIELDS = [
  'time',
  'protocol',
  'status',
  'method',
  'duration_seconds',
  'duration_milliseconds',
  'duration_microseconds',
  'duration_nanoseconds',
  'response_bytes',
  'backend',
  'backend_status',
  'backend_duration_seconds',
  'backend_duration_milliseconds',
  'backend_duration_microseconds',
  'backend_duration_nanoseconds',
  'retries',
  'client_rtt_milliseconds',
  'client_rtt_microseconds',
] as const

/** Where a mapped log has what: a dotted path into each record. */
export type FieldMap = { readonly [field in (typeof MAPPED_FIELDS)[number]]?: string }

/** What the configuration says of a source beyond its dialect. */
export interface LogSettings {
  /** For the dialect that must be told; empty for all others. */
  readonly fields: FieldMap
}

export interface LogDialect {
  /** Value of the `dialect` label; also the name of its fixture folder. */
  readonly name: string
  /** Tells apart those of one name: what a line shows that the configuration does not tell. */
  readonly variant?: string
  /** Its siblings that lines may show. */
  readonly variants?: readonly LogDialect[]
  /** The sibling of this variant, where there are too many to list; undefined: there is none. */
  readonly variantOf?: (variant: string) => LogDialect | undefined
  readonly producers: string
  /** What an operator can switch on to get more out of this producer. */
  readonly advice: string
  readonly capabilities: Capabilities
  readonly rules: DialectRules
  /** Every connection begins with `connection_opened`: one that begins otherwise began in an earlier file. */
  readonly tellsOpenings?: true
  /** Names of the kinds of line that it knows, read or not: a closed set, for `quic_exporter_events_total`. */
  readonly lines: readonly string[]
  /** The same dialect with the capabilities that it has with these settings, where they decide that. */
  readonly configured?: (settings: LogSettings) => LogDialect
  /** A reader for one file. */
  open(settings: LogSettings): LineReader
}
