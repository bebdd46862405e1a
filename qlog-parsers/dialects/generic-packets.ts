/** Packets as any draft or reference implementation writes them, brought into the form of the newest. */
import { MOST_LOST, MOST_PACKET_BYTES, MOST_WINDOW_BYTES } from '../decoding/bounds.ts'
import { isObject, type JsonObject } from '../decoding/fields.ts'
import type { Reading } from '../dialect.ts'
import type { Direction, LossTrigger } from '../events.ts'
import { LOSS_TRIGGERS } from '../events.ts'
import { SHOWS, type Shown } from './generic-shown.ts'
import { packetDropped, packetReader, packetTypeOf, SPACE } from './standard.ts'

/** Reads an event, and says what it shows of its writer; false as for any reader. */
export type ShowingReader = (data: JsonObject, reading: Reading, shown: Shown) => Shown | false

const TYPES = new Map<unknown, string>([
  ['zerortt', '0RTT'],
  ['0rtt', '0RTT'],
  ['onertt', '1RTT'],
  ['1rtt', '1RTT'],
])

/** `packet_type` and the length were beside the header before draft-02, or in it. */
function standardHeader(data: JsonObject): JsonObject {
  const header = isObject(data.header) ? data.header : {}
  const written = header.packet_type ?? data.packet_type ?? header.type ?? data.type
  const lower = typeof written === 'string' ? written.toLowerCase() : written
  return {
    ...header,
    packet_type: TYPES.get(lower) ?? lower,
    packet_number: header.packet_number ?? data.packet_number,
  }
}

function lengthOf(data: JsonObject): unknown {
  const raw = isObject(data.raw) ? data.raw.length : undefined
  const header = isObject(data.header) ? data.header : {}
  return raw ?? header.packet_size ?? header.length ?? data.packet_size
}

/** `packet_sent` and `packet_received`. */
export function packets(direction: Direction): ShowingReader {
  const read = packetReader(direction)
  const bytesShown = direction === 'sent' ? SHOWS.sent_bytes : SHOWS.received_bytes
  return (data, reading) => {
    if (!isObject(data.header) && data.packet_type === undefined) return false
    const header = standardHeader(data)
    const length = lengthOf(data)
    const frames = Array.isArray(data.frames) ? data.frames.map(standardFrame) : undefined
    if (!read({ header, frames, raw: { length } }, reading)) return false
    const versioned = header.packet_type === 'initial' && typeof header.version === 'string'
    return (
      SHOWS.packets |
      (length === undefined ? 0 : bytesShown) |
      (frames === undefined ? 0 : SHOWS.frames) |
      (versioned ? SHOWS.version : 0)
    )
  }
}

const FRAME_TYPES = new Map<unknown, string>([
  ['rst_stream', 'reset_stream'],
  ['application_close', 'connection_close'],
])

/** Frames as mvfst and picoquic name their types and members. */
function standardFrame(frame: unknown): unknown {
  if (!isObject(frame)) return frame
  const written = frame.frame_type
  const lower = typeof written === 'string' ? written.toLowerCase() : written
  const type = FRAME_TYPES.get(lower) ?? lower
  if (type === 'path_challenge' || type === 'path_response') {
    return { frame_type: type, data: frame.data ?? frame[type] ?? frame.path_data }
  }
  if (type === 'connection_close') {
    const isApplication = lower === 'application_close'
    return {
      ...frame,
      frame_type: type,
      ...(isApplication ? { error_space: 'application' } : {}),
      ...(saysNoError(frame.error_code) ? { error_code: 0 } : {}),
    }
  }
  return { ...frame, frame_type: type, stream_id: frame.stream_id ?? idOf(type, frame) }
}

/** Streams were named `id` in draft-00. */
function idOf(type: unknown, frame: JsonObject): unknown {
  return type === 'stream' ? frame.id : undefined
}

/** Text in which mvfst names the absence of an error. */
export function saysNoError(text: unknown): boolean {
  return typeof text === 'string' && /\bno[ _]error\b/i.test(text)
}

/** `packet_lost`: one packet, or as many as it says (mvfst). */
export const packetsLost: ShowingReader = (data, reading) => {
  const { at, fields } = reading
  const count = fields.count(data, 'lost_packets', MOST_LOST)
  if (count === undefined && !isObject(data.header) && data.packet_number === undefined)
    return false
  const header = standardHeader(data)
  const number = fields.count(header, 'packet_number')
  const length = { length: data.lost_bytes ?? lengthOf(data) }
  const most = count === undefined ? MOST_PACKET_BYTES : MOST_WINDOW_BYTES
  const bytes = fields.count(length, 'length', most)
  const trigger = LOSS_TRIGGERS.find((one) => one === data.trigger) ?? 'unknown'
  if (count !== 0) {
    reading.emit({
      type: 'packets_lost',
      at,
      count: count ?? 1,
      trigger,
      space: SPACE[packetTypeOf(header.packet_type)],
      ...(number === undefined ? {} : { number }),
      ...(bytes === undefined ? {} : { bytes }),
      ...(data.is_mtu_probe_packet === true ? { isMtuProbe: true } : {}),
    })
  }
  return (
    SHOWS.loss |
    (isNamed(trigger) ? SHOWS.loss_triggers : 0) |
    (number === undefined ? 0 : SHOWS.loss_numbers) |
    (bytes === undefined ? 0 : SHOWS.lost_bytes) |
    (data.is_mtu_probe_packet === undefined ? 0 : SHOWS.mtu_probes)
  )
}

function isNamed(trigger: LossTrigger): boolean {
  return trigger !== 'unknown'
}

/** `packet_dropped`: its reason is `trigger`, mvfst's `drop_reason`. */
export const packetsDropped: ShowingReader = (data, reading) => {
  const details = isObject(data.details) ? data.details : data
  const written = data.trigger ?? details.drop_reason
  const trigger = typeof written === 'string' ? written.toLowerCase().replaceAll(' ', '_') : written
  packetDropped({ trigger }, reading)
  return SHOWS.drops
}
