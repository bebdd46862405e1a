/** The frames that may stand in an Initial packet (RFC 9000 §12.4, table 3). */
import { Cursor } from './cursor.ts'
import { OVERHEAD_BYTES } from './protection.ts'
import { varint } from './written.ts'

const PADDING = 0x00
const PING = 0x01
const ACK = 0x02
const ACK_WITH_ECN = 0x03
const CRYPTO = 0x06
const CONNECTION_CLOSE = 0x1c

/** A frame that says something; PADDING and PING say nothing. */
export type InitialFrame =
  | { readonly type: 'ack'; readonly largest: number }
  | { readonly type: 'crypto'; readonly offset: number; readonly data: Buffer }
  | {
      readonly type: 'close'
      /** RFC 9000 §20.1. */
      readonly code: number
      /** Type of the frame that was at fault; 0 if it is not known. */
      readonly frameType: number
      /** A stranger's words. */
      readonly reason: Buffer
    }

/** The frames of a payload; undefined if it has none, or any that is cut off or may not stand there. */
export function initialFrames(payload: Buffer): readonly InitialFrame[] | undefined {
  if (payload.length === 0) return undefined
  const frames: InitialFrame[] = []
  const cursor = new Cursor(payload)
  while (cursor.left > 0) {
    const type = cursor.varint()
    if (type === PADDING || type === PING) continue
    const frame = said(type, cursor)
    if (frame === undefined || cursor.isOver) return undefined
    frames.push(frame)
  }
  return frames
}

function said(type: number, cursor: Cursor): InitialFrame | undefined {
  if (type === ACK || type === ACK_WITH_ECN) return ack(cursor, type === ACK_WITH_ECN)
  if (type === CRYPTO) {
    const offset = cursor.varint()
    return { type: 'crypto', offset, data: cursor.take(cursor.varint()) }
  }
  if (type === CONNECTION_CLOSE) {
    const code = cursor.varint()
    const frameType = cursor.varint()
    return { type: 'close', code, frameType, reason: cursor.take(cursor.varint()) }
  }
  return undefined
}

/** RFC 9000 §19.3. Which packets are acknowledged matters to nobody here, only that it could be so. */
function ack(cursor: Cursor, hasEcn: boolean): InitialFrame | undefined {
  const largest = cursor.varint()
  cursor.varint()
  let ranges = cursor.varint()
  let smallest = largest - cursor.varint()
  for (; ranges > 0 && !cursor.isOver; ranges -= 1) {
    smallest -= cursor.varint() + 2
    smallest -= cursor.varint()
  }
  if (hasEcn) for (let i = 0; i < 3; i += 1) cursor.varint()
  return smallest < 0 ? undefined : { type: 'ack', largest }
}

/** A CRYPTO frame. */
export function cryptoFrame(offset: number, data: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(CRYPTO), varint(offset), varint(data.length), data])
}

/** A CONNECTION_CLOSE of the transport without a reason (RFC 9000 §19.19). */
export function closeFrame(code: number): Buffer {
  return Buffer.concat([Buffer.of(CONNECTION_CLOSE), varint(code), varint(0), varint(0)])
}

/** Frames with the PADDING that makes a packet with such a header so long; never cut. */
export function padded(frames: Buffer, headerBytes: number, packetBytes: number): Buffer {
  const missing = packetBytes - headerBytes - OVERHEAD_BYTES - frames.length
  return missing > 0 ? Buffer.concat([frames, Buffer.alloc(missing, PADDING)]) : frames
}
