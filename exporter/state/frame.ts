/**
 * The layout of the state file: a header of 16 bytes, then frames. All integers are little-endian.
 *
 *     header  magic (12 bytes), schema (u32)
 *     frame   kind (u8), length (u32), checksum (u32), payload (length bytes)
 *
 * The checksum (CRC-32) runs on from frame to frame over header, kinds, lengths and payloads. So a
 * frame that is changed, out of place or from another file does not fit, and no frame after it.
 */
import { crc32 } from 'node:zlib'

/** The version of what the payloads mean; a file of any other version is not read. */
export const SCHEMA = 2

/** A part is a slice of an image that is not whole yet; a commit makes a state of all before it. */
export type FrameKind = 'part' | 'commit'

/** What stands before a payload, and the checksum that the next frame runs on from. */
export interface FrameHead {
  readonly bytes: Buffer
  readonly checksum: number
}

/** A whole frame of a file, and where the next one starts (bytes). */
export interface Frame {
  readonly kind: FrameKind
  readonly payload: Uint8Array
  readonly checksum: number
  readonly end: number
}

/** Length of the header and of what stands before a payload, bytes. */
export const HEADER_BYTES = 16
export const FRAME_HEAD_BYTES = 9

/** The largest payload of one frame, bytes: Node counts what one write wrote in 31 bits. */
export const MAX_PAYLOAD_BYTES = 1024 * 1024 * 1024

const MAGIC = Buffer.from('quic-lb-stat', 'latin1')
const NUMBERS: { readonly [kind in FrameKind]: number } = { part: 1, commit: 2 }
const COVERED_BYTES = 5

/** The first bytes of a file. */
export function header(schema = SCHEMA): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES)
  MAGIC.copy(bytes)
  bytes.writeUInt32LE(schema, MAGIC.length)
  return bytes
}

/** Why a file cannot be read at all, if so. */
export function headerFault(file: Buffer): string | undefined {
  if (file.length < HEADER_BYTES) return `it ends after ${file.length} bytes, within its header`
  if (!file.subarray(0, MAGIC.length).equals(MAGIC)) return 'it is not a state file'
  const schema = file.readUInt32LE(MAGIC.length)
  if (schema === SCHEMA) return
  return `it has schema ${schema}; this version reads schema ${SCHEMA} only`
}

/** What to write before a payload; throws a RangeError above MAX_PAYLOAD_BYTES. */
export function frameHead(kind: FrameKind, payload: Uint8Array, checksum: number): FrameHead {
  if (payload.length > MAX_PAYLOAD_BYTES)
    throw new RangeError(`a batch of ${payload.length} bytes is more than one frame can hold`)
  const bytes = Buffer.allocUnsafe(FRAME_HEAD_BYTES)
  bytes.writeUInt8(NUMBERS[kind], 0)
  bytes.writeUInt32LE(payload.length, 1)
  const next = crc32(payload, crc32(bytes.subarray(0, COVERED_BYTES), checksum))
  bytes.writeUInt32LE(next, COVERED_BYTES)
  return { bytes, checksum: next }
}

/** The frame at a position, or what is wrong with it. */
export function readFrame(file: Buffer, at: number, checksum: number): Frame | string {
  const start = at + FRAME_HEAD_BYTES
  if (start > file.length) return 'cut short'
  const number = file.readUInt8(at)
  const kind = number === NUMBERS.part ? 'part' : number === NUMBERS.commit ? 'commit' : undefined
  if (kind === undefined) return `no frame of a known kind (${number})`
  const end = start + file.readUInt32LE(at + 1)
  if (end > file.length) return 'cut short'
  const payload = file.subarray(start, end)
  const next = crc32(payload, crc32(file.subarray(at, at + COVERED_BYTES), checksum))
  if (next !== file.readUInt32LE(at + COVERED_BYTES)) return 'checksum differs'
  return { kind, payload, checksum: next, end }
}
