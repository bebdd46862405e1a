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

export const MIGRATION_KINDS = ['nat_rebinding', 'active', 'unknown'] as const
export type MigrationKind = (typeof MIGRATION_KINDS)[number]

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
  | { readonly type: 'zero_rtt_used' }
  | { readonly type: 'version_known'; readonly version: QuicVersion }
  /** One busy connection-second; the values are those in force at its end. */
  | { readonly type: 'busy_second' }
  | { readonly type: 'pto_expired'; readonly count: number }
  | { readonly type: 'loss_declared'; readonly count: number; readonly trigger: LossTrigger }
  | { readonly type: 'mtu_probe_lost' }
  | { readonly type: 'loss_spurious' }
  | { readonly type: 'congestion_state_entered'; readonly state: CongestionState }
  | { readonly type: 'congestion_time'; readonly state: TimedState; readonly us: number }
  | { readonly type: 'path_validated'; readonly durationUs: number }
  | { readonly type: 'path_validation_failed' }
  | { readonly type: 'path_validation_abandoned' }
  | { readonly type: 'migration'; readonly kind: MigrationKind; readonly failed: boolean }
  | {
      readonly type: 'streams_opened'
      readonly initiator: Endpoint
      readonly streamType: 'bidirectional' | 'unidirectional'
      readonly count: number
    }

export type ConnectionEvent = QuicEvent | DerivedEvent
