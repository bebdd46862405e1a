/**
 * Frames of a packet read in place: acknowledgements, streams, probes, and those of which nothing is read.
 *
 * Hot path: do not edit without `npm run bench`.
 */
import type { Direction } from '../events.ts'
import { type Cursor, END } from './cursor.ts'
import { MOST_VALUES } from './holes.ts'
import { type Picked, pick, scanPicked } from './picked.ts'
import { keys, values } from './vocabulary.ts'

/** The first key of a frame, the only one that may come first. */
const FIRST_KEYS = keys('frame_type')

const FRAME_VALUES = values(
  'stream',
  'ack',
  'ping',
  'padding',
  'handshake_done',
  'retire_connection_id',
  'connection_close',
  'crypto',
  'new_connection_id',
  'max_stream_data',
  'max_data',
  'max_streams',
  'new_token',
)
const ACK = 1
const PING = 2
const PADDING = 3
const NOTICED = ['handshake_done', 'retire_connection_id'] as const
const FIRST_NOTICED = 4
const CONNECTION_CLOSE = 6

const CLOSE_FRAME = pick({
  frame_type: true,
  error_space: true,
  raw_error_code: true,
  error_code_value: true,
  error_code: true,
  error: true,
  stream_id: true,
})

const ACK_KEYS = keys('frame_type', 'acked_ranges', 'stream_id', 'ack_delay', 'ect0', 'ect1', 'ce')
const FRAME_TYPE = 0
const ACKED_RANGES = 1
const ACK_STREAM_ID = 2

const FRAME_KEYS = keys('frame_type', 'stream_id', 'offset', 'length', 'fin', 'raw', 'maximum')
const STREAM_ID = 1

/** What the frames of one packet say; numbers are given by the slots of the cursor in which they lie. */
export interface FramesPlan {
  readonly probeOnly: boolean
  /** Ids of streams, in order; one may come twice. */
  readonly streams: readonly number[]
  /** What they tell, in order. */
  readonly told: readonly Told[]
}

/** [first, last, …] of an ACK frame received, the name of a frame that is noticed, or a close frame. */
export type Told = readonly number[] | (typeof NOTICED)[number] | Picked

/** Of a packet without frames. */
export const NO_FRAMES: FramesPlan = { probeOnly: false, streams: [], told: [] }

/** Reads a list of frames at the cursor, numbers into slots from `firstSlot`. */
export function scanFrames(cursor: Cursor, direction: Direction, firstSlot: number): FramesPlan {
  let pings = 0
  let others = 0
  const streams: number[] = []
  const told: Told[] = []
  let slot = firstSlot
  for (let more = cursor.enterList(); more; more = cursor.nextElement()) {
    if (cursor.enter(FIRST_KEYS) !== FRAME_TYPE) cursor.refuse()
    const type = cursor.value(FRAME_VALUES)
    if (type < 0) cursor.refuse()
    if (type === PING) pings += 1
    else if (type !== PADDING) others += 1
    const noticed = NOTICED[type - FIRST_NOTICED]
    if (noticed !== undefined) told.push(noticed)
    if (type === CONNECTION_CLOSE) slot = scanClose(cursor, told, slot)
    else if (type !== ACK) slot = scanOther(cursor, streams, slot)
    else if (direction === 'sent') scanAck(cursor, undefined, slot)
    else {
      const ranges: number[] = []
      slot = scanAck(cursor, ranges, slot)
      told.push(ranges)
    }
  }
  return { probeOnly: pings > 0 && others === 0, streams, told }
}

function scanClose(cursor: Cursor, told: Told[], firstSlot: number): number {
  CLOSE_FRAME.keys.begin()
  const picked = scanPicked(cursor, CLOSE_FRAME, cursor.next(CLOSE_FRAME.keys), firstSlot)
  // Neither is a close frame's own.
  if (picked.members.some(([name]) => name === 'frame_type' || name === 'stream_id'))
    cursor.refuse()
  told.push(picked)
  return picked.slot
}

function scanOther(cursor: Cursor, streams: number[], firstSlot: number): number {
  let slot = firstSlot
  FRAME_KEYS.begin()
  for (let key = cursor.next(FRAME_KEYS); key !== END; key = cursor.next(FRAME_KEYS)) {
    if (key === STREAM_ID) {
      if (slot > firstSlot || slot === MOST_VALUES) cursor.refuse()
      cursor.readCount(slot)
      streams.push(slot)
      slot += 1
    } else if (key === FRAME_TYPE) cursor.refuse()
    else cursor.skip()
  }
  return slot
}

/** `ranges` undefined: nobody reads them. Returns the next free slot. */
function scanAck(cursor: Cursor, ranges: number[] | undefined, firstSlot: number): number {
  let slot = firstSlot
  let ranged = false
  ACK_KEYS.begin()
  for (let key = cursor.next(ACK_KEYS); key !== END; key = cursor.next(ACK_KEYS)) {
    if (key === ACKED_RANGES && ranges !== undefined) {
      if (ranged) cursor.refuse()
      ranged = true
      slot = scanRanges(cursor, ranges, slot)
    } else if (key === FRAME_TYPE || key === ACK_STREAM_ID) cursor.refuse()
    else cursor.skip()
  }
  if (!ranged && ranges !== undefined) cursor.refuse()
  return slot
}

/** [[first, last], [single], …], flattened to pairs. Returns the next free slot. */
function scanRanges(cursor: Cursor, ranges: number[], firstSlot: number): number {
  let slot = firstSlot
  for (let more = cursor.enterList(); more; more = cursor.nextElement()) {
    if (!cursor.enterList() || slot + 2 > MOST_VALUES) {
      cursor.refuse()
      return slot
    }
    const first = slot
    cursor.readCount(slot)
    if (cursor.nextElement()) {
      slot += 1
      cursor.readCount(slot)
      if (cursor.nextElement()) cursor.refuse()
    }
    ranges.push(first, slot)
    slot += 1
  }
  return slot
}
