/** Packet and header protection (RFC 9001 §5.3, §5.4) of packets with a long header. */
import { createCipheriv, createDecipheriv } from 'node:crypto'
import type { PacketKeys } from './keys.ts'

const CIPHER = 'aes-128-gcm'
const TAG_BYTES = 16
const SAMPLE_BYTES = 16
/** The sample stands as if every packet number had this many bytes (RFC 9001 §5.4.2). */
const LONGEST_NUMBER_BYTES = 4
/** Two reserved bits and the length of the packet number: what is hidden in the first byte. */
const HIDDEN_BITS = 0x0f
const RESERVED_BITS = 0x0c

/** What protection adds to a payload. */
export const OVERHEAD_BYTES = TAG_BYTES

/** A packet as it goes out. The header ends with the packet number, in as many bytes as its first byte says. */
export function protect(
  keys: PacketKeys,
  header: Uint8Array,
  packetNumber: number,
  payload: Uint8Array,
): Buffer {
  const cipher = createCipheriv(CIPHER, keys.key, nonce(keys, packetNumber))
  cipher.setAAD(header)
  const parts = [header, cipher.update(payload), cipher.final(), cipher.getAuthTag()]
  const packet = Buffer.concat(parts)
  const numberBytes = ((header[0] ?? 0) & 0x03) + 1
  hideHeader(keys, packet, header.length - numberBytes, numberBytes)
  return packet
}

/** What a packet holds, once it is known to be genuine. */
export interface Unprotected {
  readonly packetNumber: number
  readonly payload: Buffer
  /** Reserved bits that are not 0: who sent it is at fault (RFC 9000 §17.2). */
  readonly hasReservedBits: boolean
}

/**
 * Opens a packet; undefined if it was not protected with these keys, or was changed. The packet itself is left
 * as it is. `largest` is the largest number seen so far in its space, -1 if none.
 */
export function unprotect(
  keys: PacketKeys,
  packet: Buffer,
  numberAt: number,
  largest: number,
): Unprotected | undefined {
  const sampleAt = numberAt + LONGEST_NUMBER_BYTES
  if (packet.length < sampleAt + SAMPLE_BYTES) return undefined
  const bits = mask(keys, packet, sampleAt)
  const first = (packet[0] ?? 0) ^ ((bits[0] ?? 0) & HIDDEN_BITS)
  const numberBytes = (first & 0x03) + 1
  const header = Buffer.from(packet.subarray(0, numberAt + numberBytes))
  header[0] = first
  for (let i = 0; i < numberBytes; i += 1) {
    header[numberAt + i] = (header[numberAt + i] ?? 0) ^ (bits[i + 1] ?? 0)
  }
  const written = header.readUIntBE(numberAt, numberBytes)
  const packetNumber = wholeNumber(written, numberBytes, largest)
  const sealed = packet.subarray(header.length)
  const decipher = createDecipheriv(CIPHER, keys.key, nonce(keys, packetNumber))
  decipher.setAAD(header)
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES))
  const payload = decipher.update(sealed.subarray(0, -TAG_BYTES))
  try {
    decipher.final()
  } catch {
    return undefined
  }
  return { packetNumber, payload, hasReservedBits: (first & RESERVED_BITS) !== 0 }
}

/** The packet number of which only the lowest bytes were written (RFC 9000 §A.3). */
export function wholeNumber(written: number, bytes: number, largest: number): number {
  const window = 2 ** (8 * bytes)
  const expected = largest + 1
  const near = expected - (expected % window) + written
  if (near <= expected - window / 2) return near + window
  if (near > expected + window / 2 && near >= window) return near - window
  return near
}

function hideHeader(keys: PacketKeys, packet: Buffer, numberAt: number, numberBytes: number): void {
  const bits = mask(keys, packet, numberAt + LONGEST_NUMBER_BYTES)
  packet[0] = (packet[0] ?? 0) ^ ((bits[0] ?? 0) & HIDDEN_BITS)
  for (let i = 0; i < numberBytes; i += 1) {
    packet[numberAt + i] = (packet[numberAt + i] ?? 0) ^ (bits[i + 1] ?? 0)
  }
}

function mask(keys: PacketKeys, packet: Buffer, sampleAt: number): Buffer {
  const cipher = createCipheriv('aes-128-ecb', keys.hp, null)
  return cipher.update(packet.subarray(sampleAt, sampleAt + SAMPLE_BYTES))
}

/** The IV with the packet number in its lowest bytes (RFC 9001 §5.3). */
function nonce({ iv }: PacketKeys, packetNumber: number): Buffer {
  const bytes = Buffer.from(iv)
  const at = bytes.length - 6
  const low = bytes.readUIntBE(at + 2, 4)
  bytes.writeUInt32BE((low ^ (packetNumber % 2 ** 32)) >>> 0, at + 2)
  const high = bytes.readUIntBE(at, 2)
  bytes.writeUInt16BE(high ^ (Math.floor(packetNumber / 2 ** 32) % 2 ** 16), at)
  return bytes
}
