/**
 * What happens to one simulated connection, before a producer's shape turns it into a record.
 * Times are milliseconds, sizes bytes.
 */

export type PacketType = 'initial' | 'handshake' | '0RTT' | '1RTT'

/** First and last packet number of one acknowledged range. */
export type Range = readonly [number, number]

export type Frame =
  | { type: 'crypto'; offset: number; length: number }
  | { type: 'stream'; id: number; offset: number; length: number; fin: boolean }
  | { type: 'ack'; delay: number; ranges: readonly Range[]; ect0?: number }
  | { type: 'max_data'; maximum: number }
  | { type: 'max_stream_data'; id: number; maximum: number }
  | { type: 'new_connection_id'; sequence: number; connectionId: string; token: string }
  | { type: 'retire_connection_id'; sequence: number }
  | { type: 'new_token'; token: string }
  | { type: 'path_challenge' | 'path_response'; data: string }
  | { type: 'ping' | 'handshake_done' }
  | { type: 'connection_close'; code: number }

export interface Packet {
  type: 'packet'
  direction: 'sent' | 'received'
  packetType: PacketType
  number: number
  length: number
  /** A handshake packet that shares its datagram with others. */
  coalesced: boolean
  frames: readonly Frame[]
}

export type LossTrigger = 'reordering_threshold' | 'time_threshold'

export type CloseCause = 'remote_application' | 'local_transport' | 'idle_timeout'

export type Happening =
  | Packet
  | { type: 'started' }
  | { type: 'parameters'; side: 'local' | 'remote' }
  /** The congestion controller's figures changed: see `Recovery`. */
  | { type: 'recovery' }
  | { type: 'congestion'; state: string }
  | { type: 'lost'; number: number; trigger: LossTrigger }
  | { type: 'spurious'; number: number; reordering: number }
  | { type: 'timer'; timer: 'ack' | 'pto'; delta: number }
  | { type: 'request' | 'response'; stream: number; fields: readonly (readonly [string, string])[] }
  | { type: 'data_moved'; stream: number; offset: number; length: number }
  | { type: 'closed'; cause: CloseCause }

/** The congestion controller's figures, and which of them changed since they were last written. */
export interface Recovery {
  minRtt: number
  smoothedRtt: number
  latestRtt: number
  rttVariance: number
  window: number
  threshold: number
  bytesInFlight: number
  packetsInFlight: number
  lostPackets: number
  newlyLostPackets: number
  lostBytes: number
  newlyLostBytes: number
  first: boolean
  rttChanged: boolean
  minRttChanged: boolean
  windowChanged: boolean
}

/** What a shape may ask of a connection to write its records. */
export interface ConnectionView {
  /** The client's first destination connection id, by which merged streams tell connections apart. */
  readonly groupId: string
  /** The id by which the client addresses the server; a deliberate migration changes it. */
  readonly localId: string
  readonly remoteId: string
  readonly remotePort: number
  /** Milliseconds. */
  readonly roundTrip: number
  readonly ecn: boolean
  readonly keyPhase: 0 | 1
  readonly recovery: Readonly<Recovery>
}

/** A producer's way to write: one header line, then one line for each happening that it logs. */
export interface Shape {
  /** The file's first line, its RS and LF included. */
  readonly header: string
  /** One record with its RS and LF, or nothing where the producer does not log such a thing. */
  record(time: number, connection: ConnectionView, happening: Happening): string | undefined
}

/** Takes what happens, one after the other. */
export type Emit = (happening: Happening) => void

/** What the handshake needs of a connection. */
export interface PacketWriter {
  /** Milliseconds. */
  readonly roundTrip: number
  /** Writes one packet; a sent one is under way until it is acknowledged or lost. */
  packet(
    emit: Emit,
    direction: 'sent' | 'received',
    packetType: PacketType,
    frames: readonly Frame[],
    length: number,
    coalesced?: boolean,
  ): void
  /** Writes the congestion controller's figures, with the round trip that an ACK measured. */
  measured(emit: Emit, roundTrip?: number): void
  /** The oldest packets under way have arrived. */
  acknowledge(count: number): void
}
