/** Lines of nginx's error log at level debug that mean something by themselves. */
import { MOST_RTT_US, MOST_WINDOW_BYTES } from '../decoding/bounds.ts'
import { frameError } from '../decoding/errors.ts'
import type { PacketType, QuicEvent, RecoveryMetrics } from '../events.ts'
import type { LineOutput } from '../log-dialect.ts'
import { numberAfter } from './nginx-error-line.ts'

const MILLISECOND_US = 1000
const MOST_RTT_MS = MOST_RTT_US / MILLISECOND_US
/** RFC 9000 §18.2: max_ack_delay is below 2^14 ms. */
const MOST_ACK_DELAY_MS = 2 ** 14
const MOST_IDLE_MS = 86_400_000

/** The kinds of line that are read at level debug. */
export const DEBUG_LINES = [
  'connection_created',
  'connection_closed',
  'connection_close_frame',
  'client_parameters',
  'rtt_sample',
  'congestion',
  'loss_detection',
  'packet_lost',
  'pto_expired',
  'packet_sent',
  'packet_received',
  'mtu_probe',
  'retry_sent',
  'version_negotiation_sent',
] as const

/** How a line was taken: its kind, or that a value in it cannot be used; undefined: nobody reads it. */
export type DebugOutcome = (typeof DEBUG_LINES)[number] | 'unusable' | undefined

/** Where a line comes from, and when it was written, µs. */
export interface Followed {
  readonly process: string
  readonly connection: string
  readonly at: number
}

/** Reads one kind of line. */
export type Read = (message: string, line: Followed, out: LineOutput) => DebugOutcome

/** As nginx calls the levels of encryption. */
const PACKET_TYPES: ReadonlyMap<string, PacketType> = new Map([
  ['init', 'initial'],
  ['hs', 'handshake'],
  ['early', '0rtt'],
  ['app', '1rtt'],
])

/** The packet type that is named behind `key`; undefined if none is. */
export function packetTypeOf(message: string, key: string): PacketType | undefined {
  const start = message.indexOf(key) + key.length
  return PACKET_TYPES.get(message.slice(start, message.indexOf(' ', start)))
}

/** A packet of which the log tells no length: `bytes:` is what its frames have. */
export function packet(
  direction: 'sent' | 'received',
  packetType: PacketType,
  number: number,
  at: number,
): QuicEvent {
  return {
    type: 'packet',
    at,
    direction,
    packetType,
    number,
    bytes: undefined,
    destinationId: undefined,
    probeOnly: false,
    streamIds: [],
  }
}

/** One line for every packet that was taken apart; `decr:1` if it could be decrypted. */
export const readReceived: Read = (message, { connection, at }, out) => {
  if (!message.includes(' decr:1 ')) return 'packet_received'
  const packetType = packetTypeOf(message, ' level:')
  const number = numberAfter(message, ' pn:', Number.MAX_SAFE_INTEGER)
  if (packetType === undefined || number === undefined) return 'unusable'
  out.quic(connection, packet('received', packetType, number, at))
  return 'packet_received'
}

/** `avg:` is the smoothed round-trip time; whole milliseconds, so 0 is below one. */
export const readRtt: Read = (message, { connection, at }, out) => {
  const min = numberAfter(message, ' min:', MOST_RTT_MS)
  const smoothed = numberAfter(message, ' avg:', MOST_RTT_MS)
  const variation = numberAfter(message, ' var:', MOST_RTT_MS)
  if (min === undefined || smoothed === undefined || variation === undefined) return 'unusable'
  out.quic(connection, {
    ...recovery(at),
    minRttUs: min * MILLISECOND_US,
    smoothedRttUs: smoothed * MILLISECOND_US,
    rttVariationUs: variation * MILLISECOND_US,
  })
  return 'rtt_sample'
}

/** `win:` is the window, `if:` what is in flight; some of these lines have one of them, some none. */
export const readCongestion: Read = (message, { connection, at }, out) => {
  const congestionWindow = numberAfter(message, ' win:', MOST_WINDOW_BYTES)
  const bytesInFlight = numberAfter(message, ' if:', MOST_WINDOW_BYTES)
  if (congestionWindow === undefined && message.includes(' win:')) return 'unusable'
  if (bytesInFlight === undefined && message.includes(' if:')) return 'unusable'
  if (congestionWindow !== undefined || bytesInFlight !== undefined) {
    out.quic(connection, { ...recovery(at), congestionWindow, bytesInFlight })
  }
  return 'congestion'
}

function recovery(at: number): RecoveryMetrics {
  return {
    type: 'recovery_metrics',
    at,
    initialGuess: false,
    smoothedRttUs: undefined,
    minRttUs: undefined,
    rttVariationUs: undefined,
    ptoCount: undefined,
    congestionWindow: undefined,
    bytesInFlight: undefined,
    pacingRate: undefined,
  }
}

/** One expiry of the probe timer: nginx raises its count by one, whatever it then probes. */
export const readTimeout: Read = (_message, { connection, at }, out) => {
  out.quic(connection, { ...recovery(at), ptoCount: 0 })
  out.quic(connection, { ...recovery(at), ptoCount: 1 })
  return 'pto_expired'
}

/** The client's transport parameters, one a line. */
export const readParameters: Read = (message, { connection, at }, out) => {
  const isIdle = message.startsWith('quic tp idle_timeout:')
  if (!isIdle && !message.startsWith('quic tp max_ack_delay:')) return undefined
  const ms = numberAfter(message, isIdle ? ' idle_timeout:' : ' max_ack_delay:', MOST_IDLE_MS)
  if (ms === undefined || (!isIdle && ms >= MOST_ACK_DELAY_MS)) return 'unusable'
  const us = ms * MILLISECOND_US
  const value = isIdle ? { maxIdleTimeoutUs: us } : { maxAckDelayUs: us }
  out.quic(connection, { type: 'parameters', at, side: 'remote', ...value })
  return 'client_parameters'
}

/** CONNECTION_CLOSE frames; the peer's reason follows the code as it is and is not read. */
export const readFrame: Read = (message, { connection, at }, out) => {
  const [frame, direction, application, code] = CLOSE_FRAME.exec(message) ?? []
  if (frame === undefined) return undefined
  const error_space = application === undefined ? 'transport' : 'application'
  out.quic(connection, {
    type: 'connection_close_frame',
    at,
    direction: direction === 'tx' ? 'sent' : 'received',
    error: frameError({ error_space, error_code: Number(code) }),
  })
  return 'connection_close_frame'
}
const CLOSE_FRAME =
  /^quic frame (tx|rx) (?:init|hs|early|app):\d{1,20} CONNECTION_CLOSE(_APP)? err:(\d{1,20})/

/** The first line of a connection. */
export const readCreated: Read = (_message, { connection, at }, out) => {
  out.quic(connection, { type: 'connection_opened', at })
  return 'connection_created'
}

/** Ended without a frame: nothing came for the idle time-out, or the connection never got that far. */
export const readSilentClose: Read = (message, { connection, at }, out) => {
  if (message.includes(' timedout:1')) {
    out.quic(connection, {
      type: 'connection_closed',
      at,
      initiator: 'local',
      trigger: 'idle_timeout',
    })
  }
  return 'connection_closed'
}

/** The last line of a connection. */
export const readClosed: Read = (_message, { connection, at }, out) => {
  out.quic(connection, { type: 'connection_closed', at, initiator: 'unknown' })
  return 'connection_closed'
}
