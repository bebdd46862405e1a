/** What connection state makes of the normalised events: the words in which METRICS.md counts. */
import {
  CONGESTION_STATES,
  type CongestionState,
  type Endpoint,
  type LossTrigger,
  type QuicError,
  type QuicEvent,
  type QuicVersion,
} from '../../qlog-parsers/index.ts'

export const CLOSE_REASONS = [
  'no_error',
  'application_error',
  'transport_error',
  'crypto_error',
  'idle_timeout',
  'handshake_timeout',
  'stateless_reset',
  'version_mismatch',
  'expired',
  'evicted',
  'unknown',
] as const
export type CloseReason = (typeof CLOSE_REASONS)[number]

export const INITIATORS = ['local', 'remote', 'unknown'] as const
export type Initiator = (typeof INITIATORS)[number]

export const HANDSHAKE_FAILURES = [
  'timeout',
  'crypto',
  'transport',
  'application',
  'version',
  'other',
] as const
export type HandshakeFailure = (typeof HANDSHAKE_FAILURES)[number]

export type TimedState = CongestionState | 'idle'
export const TIMED_STATES: readonly TimedState[] = [...CONGESTION_STATES, 'idle']

export type DerivedEvent =
  | { readonly type: 'connection_started' }
  /** Settles everything about the connection, at `connection.now`. */
  | { readonly type: 'connection_ended' }
  /** Once for each connection that ended; `error` where one was named. */
  | {
      readonly type: 'close_reason'
      readonly reason: CloseReason
      readonly initiator: Initiator
      readonly error?: QuicError
    }
  | { readonly type: 'silence'; readonly silent: boolean }
  | { readonly type: 'handshake_completed'; readonly durationUs?: number }
  | { readonly type: 'handshake_failed'; readonly reason: HandshakeFailure }
  | { readonly type: 'version_known'; readonly version: QuicVersion }
  /** One busy connection-second; the values are those in force at its end. */
  | { readonly type: 'busy_second' }
  | { readonly type: 'pto_expired'; readonly count: number }
  | {
      readonly type: 'loss_declared'
      readonly count: number
      readonly trigger: LossTrigger
      readonly bytes?: number
    }
  | { readonly type: 'mtu_probe_lost' }
  | { readonly type: 'loss_spurious' }
  | { readonly type: 'congestion_state_entered'; readonly state: CongestionState }
  | { readonly type: 'congestion_time'; readonly state: TimedState; readonly us: number }
  | {
      readonly type: 'streams_opened'
      readonly initiator: Endpoint
      readonly streamType: 'bidirectional' | 'unidirectional'
      readonly count: number
    }

export type ConnectionEvent = QuicEvent | DerivedEvent

/** What is counted without looking at a connection: a source that follows none can tell it too. */
export type SourceEvent = Exclude<
  ConnectionEvent,
  { readonly type: 'connection_ended' | 'close_reason' | 'busy_second' }
>
