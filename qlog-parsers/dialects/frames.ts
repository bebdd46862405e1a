/** Frames of a packet (RFC 9000 §19) as every qlog draft since 0.3 names them. */
import { MOST_STREAM_ID } from '../decoding/bounds.ts'
import { frameError } from '../decoding/errors.ts'
import { asNumber, type Fields, isObject, type JsonObject } from '../decoding/fields.ts'
import type { Reading } from '../dialect.ts'
import type { Direction, PacketNumberSpace } from '../events.ts'

/** Whether a packet held only PING and PADDING, at least one PING: what path-MTU probes look like. */
export function holdsOnlyProbes(frames: readonly unknown[]): boolean {
  let pings = 0
  for (const frame of frames) {
    const type = isObject(frame) ? frame.frame_type : undefined
    if (type === 'ping') pings += 1
    else if (type !== 'padding') return false
  }
  return pings > 0
}

/** Stream ids that the frames of one packet name, each once. */
export function streamIdsOf(frames: readonly unknown[], fields: Fields): readonly number[] {
  let ids: number[] = NONE
  for (const frame of frames) {
    if (!isObject(frame) || frame.stream_id === undefined) continue
    const id = fields.count(frame, 'stream_id', MOST_STREAM_ID)
    if (id !== undefined && !ids.includes(id)) ids = [...ids, id]
  }
  return ids
}

const NONE: number[] = []

/** Emits what the frames of one packet say by themselves. */
export function readFrames(
  frames: readonly unknown[],
  direction: Direction,
  space: PacketNumberSpace,
  destinationId: string | undefined,
  reading: Reading,
): void {
  for (const frame of frames) {
    if (isObject(frame)) readFrame(frame, direction, space, destinationId, reading)
  }
}

function readFrame(
  frame: JsonObject,
  direction: Direction,
  space: PacketNumberSpace,
  destinationId: string | undefined,
  reading: Reading,
): void {
  const { at } = reading
  const type = frame.frame_type
  switch (type) {
    case 'ack':
      if (direction === 'received') {
        reading.emit({ type: 'ack_received', at, space, ranges: ackRanges(frame.acked_ranges) })
      }
      return
    case 'path_challenge':
    case 'path_response': {
      const data = typeof frame.data === 'string' ? frame.data : undefined
      reading.emit({
        type,
        at,
        direction,
        ...(data === undefined ? {} : { data }),
        ...(destinationId === undefined ? {} : { destinationId }),
      })
      return
    }
    case 'handshake_done':
    case 'retire_connection_id':
      reading.emit({ type, at, direction })
      return
    case 'reset_stream':
    case 'reset_stream_at':
    case 'stop_sending':
      reading.emit({
        type: 'stream_reset',
        at,
        direction,
        frame: type === 'stop_sending' ? type : 'reset_stream',
      })
      return
    case 'data_blocked':
    case 'stream_data_blocked':
    case 'streams_blocked':
      reading.emit({ type: 'blocked', at, direction, frame: type })
      return
    case 'connection_close':
      reading.emit({ type: 'connection_close_frame', at, direction, error: frameError(frame) })
  }
}

/** [[first, last], [single], …] as a flat list of pairs; ranges that are not numbers are left out. */
function ackRanges(written: unknown): number[] {
  const flat: number[] = []
  if (!Array.isArray(written)) return flat
  for (const range of written) {
    if (!Array.isArray(range)) continue
    const first = asNumber(range[0])
    const last = range.length > 1 ? asNumber(range[1]) : first
    if (first >= 0 && last >= first) flat.push(first, last)
  }
  return flat
}
