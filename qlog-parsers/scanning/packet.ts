/** Packets read in place: the frames that nearly all packets hold. Packets with others go to the JSON path. */
import type { Reading } from '../dialect.ts'
import { quicVersion } from '../dialects/versions.ts'
import type { Direction, PacketType } from '../events.ts'
import { type Cursor, literal } from './cursor.ts'

const HEADER = literal('header')
const RAW = literal('raw')
const FRAMES = literal('frames')
const PACKET_TYPE = literal('packet_type')
const PACKET_NUMBER = literal('packet_number')
const DCID = literal('dcid')
const VERSION = literal('version')
const LENGTH = literal('length')
const FRAME_TYPE = literal('frame_type')
const STREAM_ID = literal('stream_id')
const ACKED_RANGES = literal('acked_ranges')

const ONE_RTT = literal('1RTT')
const PACKET_TYPES: readonly (readonly [Uint8Array, PacketType])[] = [
  [ONE_RTT, '1rtt'],
  [literal('initial'), 'initial'],
  [literal('handshake'), 'handshake'],
  [literal('0RTT'), '0rtt'],
]

const STREAM = literal('stream')
const ACK = literal('ack')
const PING = literal('ping')
const PADDING = literal('padding')
/** Further frames of which nothing is read but a stream id. */
const PLAIN = [
  'crypto',
  'new_connection_id',
  'max_stream_data',
  'max_data',
  'max_streams',
  'new_token',
].map(literal)

const NO_STREAMS: readonly number[] = []

/** What one packet record says; reused from record to record. */
class PacketScan {
  packetType: PacketType | undefined
  number: number | undefined
  bytes: number | undefined
  destinationId: string | undefined
  version: string | undefined
  hasRaw = false
  frames = 0
  probes = 0
  pings = 0
  streamIds: readonly number[] = NO_STREAMS
  acks: number[][] = []

  reset(): void {
    this.packetType = undefined
    this.number = undefined
    this.bytes = undefined
    this.destinationId = undefined
    this.version = undefined
    this.hasRaw = false
    this.frames = -1
    this.probes = 0
    this.pings = 0
    this.streamIds = NO_STREAMS
    this.acks.length = 0
  }
}

const scan = new PacketScan()

/** Reads the `data` of a packet event at the cursor and emits it; false if the JSON path must decide. */
export function scanPacket(cursor: Cursor, direction: Direction, reading: Reading): boolean {
  scan.reset()
  for (let more = cursor.enter(); more; more = cursor.next()) {
    if (cursor.is(FRAMES)) scanFrames(cursor, direction)
    else if (cursor.is(HEADER)) scanHeader(cursor, direction)
    else if (cursor.is(RAW)) scanRaw(cursor)
    else cursor.skip()
    if (!cursor.ok) return false
  }
  const { packetType } = scan
  if (!cursor.ok || packetType === undefined) return false
  emit(packetType, direction, reading)
  return true
}

function emit(packetType: PacketType, direction: Direction, reading: Reading): void {
  const { at } = reading
  const space = packetType === 'initial' || packetType === 'handshake' ? packetType : 'application'
  reading.emit({
    type: 'packet',
    at,
    direction,
    packetType,
    number: scan.number,
    bytes: scan.bytes,
    destinationId:
      direction === 'received' && packetType === '1rtt' ? scan.destinationId : undefined,
    probeOnly: scan.pings > 0 && scan.probes === scan.frames,
    streamIds: scan.streamIds,
  })
  if (packetType === 'initial' && scan.version !== undefined) {
    reading.emit({ type: 'version', at, version: quicVersion(scan.version) })
  }
  for (const ranges of scan.acks) reading.emit({ type: 'ack_received', at, space, ranges })
}

function scanHeader(cursor: Cursor, direction: Direction): void {
  if (scan.packetType !== undefined) {
    cursor.refuse()
    return
  }
  for (let more = cursor.enter(); more; more = cursor.next()) {
    if (cursor.is(PACKET_NUMBER)) {
      if (scan.number !== undefined) cursor.refuse()
      else scan.number = cursor.count()
    } else if (cursor.is(PACKET_TYPE)) scanPacketType(cursor)
    else if (cursor.is(DCID)) {
      if (scan.destinationId !== undefined || !cursor.string()) cursor.refuse()
      else scan.destinationId = direction === 'received' ? cursor.text() : ''
    } else if (cursor.is(VERSION)) {
      if (scan.version !== undefined || !cursor.string()) cursor.refuse()
      else scan.version = scan.packetType === '1rtt' ? '' : cursor.text()
    } else cursor.skip()
    if (!cursor.ok) return
  }
}

function scanPacketType(cursor: Cursor): void {
  // The type must come before what is read differently for it.
  const early = scan.version === undefined && scan.destinationId === undefined
  if (scan.packetType !== undefined || !early || !cursor.string()) {
    cursor.refuse()
    return
  }
  for (const [name, type] of PACKET_TYPES) {
    if (!cursor.is(name)) continue
    scan.packetType = type
    return
  }
  cursor.refuse()
}

function scanRaw(cursor: Cursor): void {
  if (scan.hasRaw) {
    cursor.refuse()
    return
  }
  scan.hasRaw = true
  for (let more = cursor.enter(); more; more = cursor.next()) {
    if (cursor.is(LENGTH)) {
      if (scan.bytes !== undefined) cursor.refuse()
      else scan.bytes = cursor.count()
    } else cursor.skip()
    if (!cursor.ok) return
  }
}

function scanFrames(cursor: Cursor, direction: Direction): void {
  if (scan.frames >= 0) {
    cursor.refuse()
    return
  }
  scan.frames = 0
  for (let more = cursor.enterList(); more; more = cursor.nextElement()) {
    scanFrame(cursor, direction)
    if (!cursor.ok) return
  }
}

function scanFrame(cursor: Cursor, direction: Direction): void {
  if (!cursor.enter() || !cursor.is(FRAME_TYPE) || !cursor.string()) {
    cursor.refuse()
    return
  }
  scan.frames += 1
  const isAck = cursor.is(ACK)
  if (!isAck && !cursor.is(STREAM)) {
    if (cursor.is(PING)) {
      scan.pings += 1
      scan.probes += 1
    } else if (cursor.is(PADDING)) scan.probes += 1
    else if (!isPlain(cursor)) {
      cursor.refuse()
      return
    }
  }
  let named = false
  let ranged = false
  while (cursor.next()) {
    if (cursor.is(STREAM_ID)) {
      if (named) cursor.refuse()
      named = true
      addStream(cursor.count())
    } else if (isAck && direction === 'received' && cursor.is(ACKED_RANGES)) {
      if (ranged) cursor.refuse()
      ranged = true
      scan.acks.push(scanRanges(cursor))
    } else if (cursor.is(FRAME_TYPE)) cursor.refuse()
    else cursor.skip()
    if (!cursor.ok) return
  }
  if (isAck && direction === 'received' && !ranged) cursor.refuse()
}

function isPlain(cursor: Cursor): boolean {
  for (const name of PLAIN) if (cursor.is(name)) return true
  return false
}

function addStream(id: number): void {
  if (scan.streamIds.length === 0) scan.streamIds = [id]
  else if (!scan.streamIds.includes(id)) scan.streamIds = [...scan.streamIds, id]
}

/** [[first, last], [single], …], flattened to pairs. */
function scanRanges(cursor: Cursor): number[] {
  const flat: number[] = []
  for (let more = cursor.enterList(); more; more = cursor.nextElement()) {
    if (!cursor.enterList()) cursor.refuse()
    const first = cursor.count()
    let last = first
    if (cursor.nextElement()) {
      last = cursor.count()
      if (cursor.nextElement()) cursor.refuse()
    }
    if (!cursor.ok || last < first) {
      cursor.refuse()
      return flat
    }
    flat.push(first, last)
  }
  return flat
}
