/** Packets with a long header, as they stand in a datagram (RFC 8999, RFC 9000 §17.2). */
import { Cursor } from './cursor.ts'
import { type LongType, type QuicVersion, versionOf } from './versions.ts'
import { uint, varint } from './written.ts'

/** The longest connection ID of the versions spoken here; RFC 8999 allows 255 bytes. */
export const LONGEST_ID_BYTES = 20
/** Bytes that a datagram with an Initial of a client has at least; one that asks for versions too (RFC 9000 §14.1). */
export const SMALLEST_DATAGRAM = 1200

interface Ids {
  readonly destinationId: Buffer
  readonly sourceId: Buffer
}

/** `versions` is undefined if what was offered is cut off, or nothing (RFC 9000 §17.2.1). */
interface VersionNegotiation extends Ids {
  readonly type: 'version_negotiation'
  readonly versions: readonly number[] | undefined
}

interface Retry extends Ids {
  readonly type: 'retry'
  readonly version: QuicVersion
  readonly token: Buffer
  /** All but the integrity tag, then the tag. */
  readonly signed: Buffer
  readonly tag: Buffer
}

/** What can be opened with the keys of its type. */
export interface NumberedPacket extends Ids {
  readonly type: Exclude<LongType, 'retry'>
  readonly version: QuicVersion
  /** The whole packet, and where its protected number stands. */
  readonly packet: Buffer
  readonly numberAt: number
}

/** Of a version that is not spoken here. */
interface Foreign extends Ids {
  readonly type: 'foreign'
  readonly versionNumber: number
}

/** Takes the rest of its datagram. */
interface Short {
  readonly type: 'short'
}

/** Nothing that can be read; so does it. */
interface Malformed {
  readonly type: 'malformed'
}

export type LongPacket = VersionNegotiation | Retry | NumberedPacket | Foreign | Short | Malformed

const RETRY_TAG_BYTES = 16
/** No flight of a handshake has as many in one datagram; each may cost a decryption. */
const MOST_PACKETS = 16

/** The first packets of a datagram, one after another; never empty. */
export function packetsOf(datagram: Buffer): readonly LongPacket[] {
  const packets: LongPacket[] = []
  let rest = datagram
  do {
    const packet = firstPacket(rest)
    packets.push(packet)
    rest = rest.subarray('packet' in packet ? packet.packet.length : rest.length)
  } while (rest.length > 0 && packets.length < MOST_PACKETS)
  return packets
}

function firstPacket(bytes: Buffer): LongPacket {
  const cursor = new Cursor(bytes)
  const first = cursor.uint(1)
  if (bytes.length > 0 && (first & 0x80) === 0) return { type: 'short' }
  const versionNumber = cursor.uint(4)
  const destinationId = cursor.take(cursor.uint(1))
  const sourceId = cursor.take(cursor.uint(1))
  if (cursor.isOver) return { type: 'malformed' }
  const ids = { destinationId, sourceId }
  if (versionNumber === 0) {
    return { type: 'version_negotiation', ...ids, versions: offeredVersions(cursor.rest()) }
  }
  const version = versionOf(versionNumber)
  if (version === undefined) return { type: 'foreign', ...ids, versionNumber }
  const isTooLong = Math.max(destinationId.length, sourceId.length) > LONGEST_ID_BYTES
  // The fixed bit (RFC 9000 §17.2).
  if ((first & 0x40) === 0 || isTooLong) return { type: 'malformed' }
  const type = version.longTypes[((first >> 4) & 0x03) as 0 | 1 | 2 | 3]
  return type === 'retry'
    ? retry(version, ids, bytes, cursor)
    : numbered(type, version, ids, bytes, cursor)
}

function offeredVersions(list: Buffer): readonly number[] | undefined {
  if (list.length === 0 || list.length % 4 !== 0) return undefined
  return Array.from({ length: list.length / 4 }, (_, index) => list.readUInt32BE(4 * index))
}

function retry(version: QuicVersion, ids: Ids, bytes: Buffer, cursor: Cursor): LongPacket {
  const token = cursor.take(Math.max(0, cursor.left - RETRY_TAG_BYTES))
  const tag = cursor.take(RETRY_TAG_BYTES)
  if (cursor.isOver) return { type: 'malformed' }
  return { type: 'retry', version, ...ids, token, tag, signed: bytes.subarray(0, -RETRY_TAG_BYTES) }
}

function numbered(
  type: NumberedPacket['type'],
  version: QuicVersion,
  ids: Ids,
  bytes: Buffer,
  cursor: Cursor,
): LongPacket {
  if (type === 'initial') cursor.take(cursor.varint())
  const length = cursor.varint()
  const numberAt = cursor.at
  cursor.take(length)
  if (cursor.isOver) return { type: 'malformed' }
  return { type, version, ...ids, packet: bytes.subarray(0, cursor.at), numberAt }
}

/** What an Initial says before its packet number. */
export interface InitialHeader extends Ids {
  readonly version: QuicVersion
  readonly token: Uint8Array
  readonly packetNumber: number
  /** Bytes of frames, before protection. */
  readonly payloadBytes: number
}

const NUMBER_BYTES = 4
/** Of two bytes always, so that the header is as long for any payload. */
const LENGTH_BYTES = 2

/** The header of an Initial, unprotected; its payload and what protection adds are shorter than 16 KiB. */
export function initialHeader(header: InitialHeader, overheadBytes: number): Buffer {
  const { version, destinationId, sourceId, token, packetNumber, payloadBytes } = header
  const type = version.longTypes.indexOf('initial')
  return Buffer.concat([
    Buffer.of(0xc0 | (type << 4) | (NUMBER_BYTES - 1)),
    uint(version.number, 4),
    Buffer.of(destinationId.length),
    destinationId,
    Buffer.of(sourceId.length),
    sourceId,
    varint(token.length),
    token,
    uint((NUMBER_BYTES + payloadBytes + overheadBytes) | 0x4000, LENGTH_BYTES),
    uint(packetNumber, NUMBER_BYTES),
  ])
}
