import type { Frame, Range } from './happenings.ts'
import type { Random } from './random.ts'

const HEADER_BYTES = 40
const FULL_STREAM_FRAME = 1230

/** Where a connection's streams stand when a packet is filled; `ect0` is given if ACKs carry marks. */
export interface Position {
  readonly stream: number
  readonly offset: number
  readonly ect0: number | undefined
}

/** The frames of one packet, the packet's size, and how far its stream data moved the offset. */
export interface Filling {
  readonly frames: readonly Frame[]
  readonly bytes: number
  readonly moved: number
}

/** Stream data without an end. */
export function dataFrame(id: number, offset: number, length: number): Frame {
  return { type: 'stream', id, offset, length, fin: false }
}

/** One to three frames as a server sends them: mostly data, then acknowledgements. */
export function sentFrames(random: Random, at: Position, ranges: readonly Range[]): Filling {
  const full = random.chance(0.7)
  return fill(random, at, ranges, 0.24, () => (full ? FULL_STREAM_FRAME : random.integer(20, 1200)))
}

/** One to three frames as a client sends them: mostly acknowledgements, then requests. */
export function receivedFrames(random: Random, at: Position, ranges: readonly Range[]): Filling {
  return fill(random, at, ranges, 0.72, () => random.integer(20, 400))
}

function fill(
  random: Random,
  at: Position,
  ranges: readonly Range[],
  ackShare: number,
  dataLength: () => number,
): Filling {
  const draw = random.next()
  const count = draw < 0.62 ? 1 : draw < 0.92 ? 2 : 3
  const frames: Frame[] = []
  let moved = 0
  let bytes = HEADER_BYTES
  for (let i = 0; i < count; i++) {
    const kind = random.next()
    if (i === 0 && kind < ackShare) {
      frames.push(ackFrame(random, ranges, at.ect0))
      bytes += 6 + 2 * ranges.length
    } else if (i === 0 || kind < 0.85) {
      const length = Math.min(dataLength(), FULL_STREAM_FRAME + HEADER_BYTES - bytes)
      if (length < 1) break
      const fin = i > 0 && random.chance(0.3)
      frames.push({ type: 'stream', id: at.stream, offset: at.offset + moved, length, fin })
      moved += length
      bytes += length + 8
    } else {
      frames.push(controlFrame(random, at.stream))
      bytes += 5
    }
  }
  return { frames, bytes, moved }
}

function ackFrame(random: Random, ranges: readonly Range[], ect0: number | undefined): Frame {
  const delay = random.chance(0.15) ? 0 : random.integer(1, 3000) * 0.008
  return ect0 === undefined ? { type: 'ack', delay, ranges } : { type: 'ack', delay, ranges, ect0 }
}

function controlFrame(random: Random, stream: number): Frame {
  const draw = random.next()
  if (draw < 0.35)
    return { type: 'max_stream_data', id: stream, maximum: random.integer(600_000, 9_999_999) }
  if (draw < 0.7) return { type: 'max_data', maximum: random.integer(900_000, 99_999_999) }
  if (draw < 0.95) return { type: 'ping' }
  return newConnectionId(random, random.integer(4, 9), 4)
}

/** A fresh connection id of so many bytes for the peer to use. */
export function newConnectionId(random: Random, sequence: number, bytes: number): Frame {
  return {
    type: 'new_connection_id',
    sequence,
    connectionId: random.hex(2 * bytes),
    token: random.hex(32),
  }
}
