/**
 * Packets read in place: the frames that nearly all packets hold. Packets with others go to the JSON path.
 *
 * Hot path: do not edit without `npm run bench`.
 */
import { MOST_PACKET_BYTES, MOST_STREAM_ID } from '../decoding/bounds.ts'
import { frameError } from '../decoding/errors.ts'
import type { Plan } from '../dialect.ts'
import { quicVersion } from '../dialects/versions.ts'
import type { Direction, PacketType, QuicVersion } from '../events.ts'
import { type Cursor, END } from './cursor.ts'
import { type FramesPlan, NO_FRAMES, scanFrames, type Told } from './frames.ts'
import { DESTINATION_ID } from './holes.ts'
import { objectOf } from './picked.ts'
import { keys, values } from './vocabulary.ts'

const PACKET_KEYS = keys('header', 'raw', 'frames', 'datagram_id', 'ecn', 'send_at_time')
const HEADER = 0
const RAW = 1
const FRAMES = 2

const HEADER_KEYS = keys(
  'packet_type',
  'packet_number',
  'version',
  'dcid',
  'dcil',
  'scid',
  'scil',
  'key_phase_bit',
  'flags',
)
const PACKET_TYPE = 0
const PACKET_NUMBER = 1
const VERSION = 2
const DCID = 3

const RAW_KEYS = keys('length', 'payload_length')
const LENGTH = 0

const TYPE_VALUES = values('1RTT', 'initial', 'handshake', '0RTT')
const TYPES: readonly PacketType[] = ['1rtt', 'initial', 'handshake', '0rtt']

/** Slots; 0 is the record's time. */
const NUMBER_SLOT = 1
const BYTES_SLOT = 2
const FIRST_FRAME_SLOT = 3

/** What was found in one packet; the values lie in the cursor's slots. */
interface Found {
  direction: Direction
  packetType: PacketType | undefined
  hasNumber: boolean
  hasBytes: boolean
  hasRaw: boolean
  hasDestinationId: boolean
  hasVersion: boolean
  version: QuicVersion | undefined
  frames: FramesPlan | undefined
}

/** Reads the `data` of a packet event at the cursor; undefined if the JSON path must decide. */
export function scanPacket(cursor: Cursor, direction: Direction): Plan | undefined {
  const found: Found = {
    direction,
    packetType: undefined,
    hasNumber: false,
    hasBytes: false,
    hasRaw: false,
    hasDestinationId: false,
    hasVersion: false,
    version: undefined,
    frames: undefined,
  }
  for (let key = cursor.enter(PACKET_KEYS); key !== END; key = cursor.next(PACKET_KEYS)) {
    if (key === HEADER) scanHeader(cursor, found)
    else if (key === RAW) scanRaw(cursor, found)
    else if (key === FRAMES) {
      if (found.frames !== undefined) cursor.refuse()
      found.frames = scanFrames(cursor, direction, FIRST_FRAME_SLOT)
    } else cursor.skip()
  }
  if (!cursor.ok || found.packetType === undefined) return undefined
  return planOf(found, found.packetType)
}

function planOf(found: Found, packetType: PacketType): Plan {
  const { direction, hasNumber, hasBytes, version, frames = NO_FRAMES } = found
  const { probeOnly, streams, told } = frames
  const space = packetType === 'initial' || packetType === 'handshake' ? packetType : 'application'
  const showsId = direction === 'received' && packetType === '1rtt' && found.hasDestinationId
  return (values, ids, reading) => {
    const { at } = reading
    const bytes = hasBytes ? (values[BYTES_SLOT] as number) : undefined
    if (bytes !== undefined && bytes > MOST_PACKET_BYTES) return false
    for (let i = 0; i < streams.length; i += 1) {
      if ((values[streams[i] as number] as number) > MOST_STREAM_ID) return false
    }
    reading.emit({
      type: 'packet',
      at,
      direction,
      packetType,
      number: hasNumber ? values[NUMBER_SLOT] : undefined,
      bytes,
      destinationId: showsId ? ids[DESTINATION_ID] : undefined,
      probeOnly,
      streamIds: streams.length === 0 ? NO_STREAMS : streamIds(streams, values),
    })
    if (version !== undefined) reading.emit({ type: 'version', at, version })
    for (let i = 0; i < told.length; i += 1) {
      const one = told[i] as Told
      if (typeof one === 'string') reading.emit({ type: one, at, direction })
      else if ('members' in one) {
        const error = frameError(objectOf(one, values))
        reading.emit({ type: 'connection_close_frame', at, direction, error })
      } else {
        const ranges = rangesOf(one, values)
        if (ranges === undefined) return false
        reading.emit({ type: 'ack_received', at, space, ranges })
      }
    }
    return true
  }
}

const NO_STREAMS: readonly number[] = []

function streamIds(slots: readonly number[], values: Float64Array): readonly number[] {
  const ids = [values[slots[0] as number] as number]
  for (let i = 1; i < slots.length; i += 1) {
    const id = values[slots[i] as number] as number
    if (!ids.includes(id)) ids.push(id)
  }
  return ids
}

function rangesOf(slots: readonly number[], values: Float64Array): readonly number[] | undefined {
  if (slots.length === 0) return []
  const ranges = [values[slots[0] as number] as number, values[slots[1] as number] as number]
  for (let i = 2; i < slots.length; i += 1) ranges.push(values[slots[i] as number] as number)
  for (let i = 0; i < ranges.length; i += 2) {
    if ((ranges[i + 1] as number) < (ranges[i] as number)) return undefined
  }
  return ranges
}

function scanHeader(cursor: Cursor, found: Found): void {
  if (found.packetType !== undefined) {
    cursor.refuse()
    return
  }
  for (let key = cursor.enter(HEADER_KEYS); key !== END; key = cursor.next(HEADER_KEYS)) {
    if (key === PACKET_NUMBER) {
      if (found.hasNumber) cursor.refuse()
      found.hasNumber = true
      cursor.readCount(NUMBER_SLOT)
    } else if (key === PACKET_TYPE) scanPacketType(cursor, found)
    else if (key === DCID) {
      if (found.hasDestinationId) cursor.refuse()
      found.hasDestinationId = true
      if (found.direction === 'received') cursor.readId(DESTINATION_ID)
      else cursor.skipString()
    } else if (key === VERSION) scanVersion(cursor, found)
    else cursor.skip()
  }
}

function scanVersion(cursor: Cursor, found: Found): void {
  if (found.hasVersion || !cursor.string()) cursor.refuse()
  else if (found.packetType === 'initial') found.version = quicVersion(cursor.text())
  found.hasVersion = true
}

function scanPacketType(cursor: Cursor, found: Found): void {
  // The type must come before what is read differently for it.
  const type = TYPES[cursor.value(TYPE_VALUES)]
  if (found.packetType !== undefined || found.hasVersion || type === undefined) cursor.refuse()
  found.packetType = type
}

function scanRaw(cursor: Cursor, found: Found): void {
  if (found.hasRaw) cursor.refuse()
  found.hasRaw = true
  for (let key = cursor.enter(RAW_KEYS); key !== END; key = cursor.next(RAW_KEYS)) {
    if (key === LENGTH) {
      if (found.hasBytes) cursor.refuse()
      found.hasBytes = true
      cursor.readCount(BYTES_SLOT)
    } else cursor.skip()
  }
}
