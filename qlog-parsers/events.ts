/**
 * The normalised vocabulary: what any QUIC implementation's log can say, in one set of words.
 * Times (`at`, `…Us`) are integer microseconds; `at` counts from the trace's own reference time.
 * Names follow RFC 9000, RFC 9002 and draft-ietf-quic-qlog-quic-events.
 */
import type {
  ConnectionOpened,
  ConnectionState,
  ZeroRttRejected,
  ZeroRttUsed,
} from './connection-events.ts'
import type { EndpointPacketsSent, HalfOpen, HandshakesFailed } from './endpoint-events.ts'
import type {
  Migration,
  PathMtu,
  PathNotValidated,
  PathReset,
  PathValidated,
} from './path-events.ts'

export * from './connection-events.ts'
export * from './endpoint-events.ts'
export * from './path-events.ts'

export const PACKET_TYPES = ['initial', 'handshake', '0rtt', '1rtt', 'unknown'] as const
export type PacketType = (typeof PACKET_TYPES)[number]

/** Packet number spaces of RFC 9000, section 12.3. */
export type PacketNumberSpace = 'initial' | 'handshake' | 'application'

export const LOSS_TRIGGERS = [
  'reordering_threshold',
  'time_threshold',
  'pto_expired',
  'unknown',
] as const
export type LossTrigger = (typeof LOSS_TRIGGERS)[number]

export const DROP_REASONS = [
  'key_unavailable',
  'decryption_failure',
  'connection_unknown',
  'unsupported_version',
  'invalid',
  'duplicate',
  'unexpected',
  'dos_prevention',
  'internal_error',
  'other',
] as const
export type DropReason = (typeof DROP_REASONS)[number]

export const CONGESTION_STATES = [
  'slow_start',
  'congestion_avoidance',
  'recovery',
  'application_limited',
  'bbr_startup',
  'bbr_drain',
  'bbr_probe_bw_up',
  'bbr_probe_bw_down',
  'bbr_probe_bw_cruise',
  'bbr_probe_bw_refill',
  'bbr_probe_rtt',
  'other',
] as const
export type CongestionState = (typeof CONGESTION_STATES)[number]

export const QUIC_VERSIONS = ['v1', 'v2', 'draft29', 'other'] as const
export type QuicVersion = (typeof QUIC_VERSIONS)[number]

export const ECN_STATES = ['capable', 'failed', 'unknown'] as const
export type EcnState = (typeof ECN_STATES)[number]

export type Direction = 'sent' | 'received'
export type Endpoint = 'local' | 'remote'

/** Where an error code belongs: RFC 9000 §20.1, RFC 9001 §4.8 (0x100 + TLS alert), or the application. */
export type ErrorSpace = 'transport' | 'crypto' | 'application'

/** Why a close event says that it happened, where it says so at all. */
export type CloseTrigger =
  | 'idle_timeout'
  | 'handshake_timeout'
  | 'stateless_reset'
  | 'version_mismatch'

/** An error as a CONNECTION_CLOSE frame or a close event names it; crypto codes are TLS alerts (0…255). */
export interface QuicError {
  readonly space: ErrorSpace
  readonly code: number
}

/** One QUIC packet; undefined is what the record does not say. */
export interface Packet {
  readonly type: 'packet'
  readonly at: number
  readonly direction: Direction
  readonly packetType: PacketType
  readonly number: number | undefined
  /** `raw.length`. */
  readonly bytes: number | undefined
  /** Of received 1-RTT packets only: it shows that a client moved on purpose. */
  readonly destinationId: string | undefined
  /** It held PING and PADDING frames only, at least one PING. */
  readonly probeOnly: boolean
  /** Ids that its frames named, each once. */
  readonly streamIds: readonly number[]
}

/** Packets sent of which nothing but their number is told. */
export interface PacketsSent {
  readonly type: 'packets_sent'
  readonly at: number
  readonly packetType: PacketType
  readonly count: number
}

/** ACK ranges received for one space, flattened: [first, last, first, last, …], in the writer's order. */
export interface AckReceived {
  readonly type: 'ack_received'
  readonly at: number
  readonly space: PacketNumberSpace
  readonly ranges: readonly number[]
}

/** PATH_CHALLENGE or PATH_RESPONSE; `data` is absent where the producer does not log it. */
export interface PathFrame<T extends 'path_challenge' | 'path_response'> {
  readonly type: T
  readonly at: number
  readonly direction: Direction
  readonly data?: string
  readonly destinationId?: string
}

/** A frame that only has to be counted or noticed. */
export interface PlainFrame<T extends 'handshake_done' | 'retire_connection_id'> {
  readonly type: T
  readonly at: number
  readonly direction: Direction
}

/** A frame of RFC 9000 §19.4 or §19.5: one side gives a stream up. */
export interface StreamResetFrame {
  readonly type: 'stream_reset'
  readonly at: number
  readonly direction: Direction
  readonly frame: 'reset_stream' | 'stop_sending'
}

/** A frame of RFC 9000 §19.12 to §19.14: the sender is held up by flow control. */
export interface BlockedFrame {
  readonly type: 'blocked'
  readonly at: number
  readonly direction: Direction
  readonly frame: 'data_blocked' | 'stream_data_blocked' | 'streams_blocked'
}

export interface CloseFrame {
  readonly type: 'connection_close_frame'
  readonly at: number
  readonly direction: Direction
  readonly error: QuicError
}

/** The producer's own close event. `error` and `trigger` are absent where it says neither. */
export interface ConnectionClosed {
  readonly type: 'connection_closed'
  readonly at: number
  readonly initiator: Endpoint | 'unknown'
  readonly trigger?: CloseTrigger
  readonly error?: QuicError
}

export interface PacketsLost {
  readonly type: 'packets_lost'
  readonly at: number
  readonly count: number
  readonly trigger: LossTrigger
  /** Of all of them together, where the producer says it. */
  readonly bytes?: number
  /** The producer itself says that it was a path-MTU probe. */
  readonly isMtuProbe?: true
  readonly space?: PacketNumberSpace
  readonly number?: number
}

/** The producer found out that a packet it had declared lost had arrived. */
export interface SpuriousLoss {
  readonly type: 'spurious_loss'
  readonly at: number
  readonly space: PacketNumberSpace
  readonly number: number
}

export interface PacketDropped {
  readonly type: 'packet_dropped'
  readonly at: number
  readonly reason: DropReason
}

/**
 * Recovery metrics; only what the record says. `initialGuess`: the smoothed RTT is the 333 ms of
 * RFC 9002 §6.2.2 and the record has no latest RTT above 0.
 */
export interface RecoveryMetrics {
  readonly type: 'recovery_metrics'
  readonly at: number
  readonly initialGuess: boolean
  readonly smoothedRttUs: number | undefined
  readonly minRttUs: number | undefined
  readonly rttVariationUs: number | undefined
  readonly ptoCount: number | undefined
  readonly congestionWindow: number | undefined
  readonly bytesInFlight: number | undefined
  /** Bytes per second. */
  readonly pacingRate: number | undefined
}

export interface CongestionStateUpdated {
  readonly type: 'congestion_state'
  readonly at: number
  readonly state: CongestionState
}

export interface Parameters {
  readonly type: 'parameters'
  readonly at: number
  readonly side: Endpoint
  readonly maxIdleTimeoutUs?: number
  readonly maxAckDelayUs?: number
}

export interface VersionChosen {
  readonly type: 'version'
  readonly at: number
  readonly version: QuicVersion
}

/** A 1-RTT key update (RFC 9001 §6): one for each key phase. */
export interface KeyUpdated {
  readonly type: 'key_updated'
  readonly at: number
  readonly initiator: Endpoint
}

export interface EcnStateUpdated {
  readonly type: 'ecn_state'
  readonly at: number
  readonly state: EcnState
}

/** The server's final response (status 200 and above) on one HTTP/3 request stream. */
export interface Http3Response {
  readonly type: 'http3_response'
  readonly at: number
  readonly status: number
}

export type QuicEvent =
  | Packet
  | PacketsSent
  | AckReceived
  | PathFrame<'path_challenge'>
  | PathFrame<'path_response'>
  | PlainFrame<'handshake_done'>
  | PlainFrame<'retire_connection_id'>
  | StreamResetFrame
  | BlockedFrame
  | CloseFrame
  | ConnectionOpened
  | ConnectionClosed
  | ConnectionState
  | PacketsLost
  | SpuriousLoss
  | PacketDropped
  | RecoveryMetrics
  | PathReset
  | PathValidated
  | PathNotValidated<'path_validation_failed'>
  | PathNotValidated<'path_validation_abandoned'>
  | Migration
  | EndpointPacketsSent<'retry_sent'>
  | EndpointPacketsSent<'version_negotiation_sent'>
  | EndpointPacketsSent<'stateless_reset_sent'>
  | HandshakesFailed
  | HalfOpen
  | ZeroRttUsed
  | ZeroRttRejected
  | CongestionStateUpdated
  | Parameters
  | VersionChosen
  | KeyUpdated
  | EcnStateUpdated
  | PathMtu
  | Http3Response
