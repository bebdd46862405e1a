/** Bytes as QUIC and TLS write them. */

/** RFC 9000 §16, in as few bytes as it takes; 0 to 2^53 - 1. */
export function varint(value: number): Buffer {
  if (value < 0x40) return Buffer.of(value)
  if (value < 0x4000) return uint(value | 0x4000, 2)
  if (value < 0x4000_0000) return uint((value | 0x8000_0000) >>> 0, 4)
  const high = Math.floor(value / 2 ** 32)
  return Buffer.concat([uint((high | 0xc000_0000) >>> 0, 4), uint(value % 2 ** 32, 4)])
}

/** An unsigned number, the highest byte first. */
export function uint(value: number, length: 1 | 2 | 3 | 4): Buffer {
  const bytes = Buffer.allocUnsafe(length)
  bytes.writeUIntBE(value, 0, length)
  return bytes
}

/** A vector of TLS: its length in so many bytes, then itself (RFC 8446 §3.4). */
export function vector(lengthBytes: 1 | 2 | 3, ...parts: readonly Uint8Array[]): Buffer {
  const all = Buffer.concat(parts)
  return Buffer.concat([uint(all.length, lengthBytes), all])
}
