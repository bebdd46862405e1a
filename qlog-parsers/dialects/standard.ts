/** Readers of packets, loss and recovery as the qlog drafts define them, with the knobs in which writers differ. */
import { MOST_PACKET_BYTES } from '../decoding/bounds.ts'
import { isObject } from '../decoding/fields.ts'
import type { Reader, Scan } from '../dialect.ts'
import type {
  CongestionState,
  Direction,
  DropReason,
  LossTrigger,
  PacketNumberSpace,
  PacketType,
} from '../events.ts'
import { scanPacket } from '../scanning/packet.ts'
import { pickedScan } from '../scanning/picked.ts'
import { holdsOnlyProbes, readFrames, streamIdsOf } from './frames.ts'
import { quicVersion } from './versions.ts'

const PACKET_TYPE = new Map<unknown, PacketType>([
  ['initial', 'initial'],
  ['handshake', 'handshake'],
  ['0RTT', '0rtt'],
  ['1RTT', '1rtt'],
])

/** The packet type that a log's text names. */
export function packetTypeOf(written: unknown): PacketType {
  return PACKET_TYPE.get(written) ?? 'unknown'
}

/** In which space packets of a type are numbered. */
export const SPACE: Readonly<Record<PacketType, PacketNumberSpace>> = {
  initial: 'initial',
  handshake: 'handshake',
  '0rtt': 'application',
  '1rtt': 'application',
  unknown: 'application',
}

/** `packet_sent` and `packet_received`: the packet, then what its frames say. */
export function packetReader(direction: Direction): Reader {
  return (data, reading) => {
    const { at, fields } = reading
    const header = data.header
    if (!isObject(header)) return false
    const packetType = packetTypeOf(header.packet_type)
    const destinationId = fields.text(header, 'dcid')
    const raw = fields.object(data, 'raw')
    const frames = Array.isArray(data.frames) ? data.frames : []
    reading.emit({
      type: 'packet',
      at,
      direction,
      packetType,
      number: fields.count(header, 'packet_number'),
      bytes: raw === undefined ? undefined : fields.count(raw, 'length', MOST_PACKET_BYTES),
      destinationId: direction === 'received' && packetType === '1rtt' ? destinationId : undefined,
      probeOnly: holdsOnlyProbes(frames),
      streamIds: streamIdsOf(frames, fields),
    })
    if (packetType === 'initial' && typeof header.version === 'string') {
      reading.emit({ type: 'version', at, version: quicVersion(header.version) })
    }
    readFrames(frames, direction, SPACE[packetType], destinationId, reading)
    return true
  }
}

/** The same, read in place. */
export function packetScan(direction: Direction): Scan {
  return (cursor) => scanPacket(cursor, direction)
}

const LOSS_TRIGGER = new Map<unknown, LossTrigger>([
  ['reordering_threshold', 'reordering_threshold'],
  ['time_threshold', 'time_threshold'],
  ['pto_expired', 'pto_expired'],
])

/** `packet_lost`: one packet. */
export const packetLost: Reader = (data, reading) => {
  const header = data.header
  if (!isObject(header)) return false
  const number = reading.fields.count(header, 'packet_number')
  const packetType = packetTypeOf(header.packet_type)
  reading.emit({
    type: 'packets_lost',
    at: reading.at,
    count: 1,
    trigger: LOSS_TRIGGER.get(data.trigger) ?? 'unknown',
    space: SPACE[packetType],
    ...(number === undefined ? {} : { number }),
  })
  return true
}

/** The same, read in place. */
export const packetLostScan = pickedScan(packetLost, {
  header: { packet_type: true, packet_number: true },
  trigger: true,
})

const DROP_REASON = new Map<string, DropReason>([
  ['key_unavailable', 'key_unavailable'],
  ['payload_decrypt_error', 'decryption_failure'],
  ['decryption_failure', 'decryption_failure'],
  ['unknown_connection_id', 'connection_unknown'],
  ['connection_unknown', 'connection_unknown'],
  ['unsupported_version', 'unsupported_version'],
  ['unsupported', 'unsupported_version'],
  ['header_parse_error', 'invalid'],
  ['protocol_violation', 'invalid'],
  ['invalid_initial', 'invalid'],
  ['invalid', 'invalid'],
  ['duplicate', 'duplicate'],
  ['unexpected_packet', 'unexpected'],
  ['unexpected_source_connection_id', 'unexpected'],
  ['unexpected_version', 'unexpected'],
  ['dos_prevention', 'dos_prevention'],
  ['rejected', 'dos_prevention'],
  ['internal_error', 'internal_error'],
])

/** `packet_dropped`, with the triggers of all drafts. */
export const packetDropped: Reader = (data, reading) => {
  const trigger = reading.fields.text(data, 'trigger') ?? ''
  reading.emit({
    type: 'packet_dropped',
    at: reading.at,
    reason: DROP_REASON.get(trigger) ?? 'other',
  })
  return true
}

const CONGESTION_STATE = new Map<string, CongestionState>([
  ['slow_start', 'slow_start'],
  ['conservative_slow_start', 'slow_start'],
  ['congestion_avoidance', 'congestion_avoidance'],
  ['recovery', 'recovery'],
  ['application_limited', 'application_limited'],
  ['bbr_startup', 'bbr_startup'],
  ['bbr_drain', 'bbr_drain'],
  ['bbr_probe_bw_up', 'bbr_probe_bw_up'],
  ['bbr_probe_bw_down', 'bbr_probe_bw_down'],
  ['bbr_probe_bw_cruise', 'bbr_probe_bw_cruise'],
  ['bbr_probe_bw_refill', 'bbr_probe_bw_refill'],
  ['bbr_probe_rtt', 'bbr_probe_rtt'],
])

/** `congestion_state_updated`: the state entered. */
export const congestionState: Reader = (data, reading) => {
  const state = reading.fields.text(data, 'new')
  if (state === undefined) return false
  reading.emit({
    type: 'congestion_state',
    at: reading.at,
    state: CONGESTION_STATE.get(state) ?? 'other',
  })
  return true
}

/** The same, read in place. */
export const congestionStateScan = pickedScan(congestionState, { new: true })

/** `spurious_loss` as quic-go writes it. */
export const spuriousLoss: Reader = (data, reading) => {
  const number = reading.fields.count(data, 'packet_number')
  if (number === undefined) return false
  const written = data.packet_number_space
  const space = written === 'initial' || written === 'handshake' ? written : 'application'
  reading.emit({ type: 'spurious_loss', at: reading.at, space, number })
  return true
}
