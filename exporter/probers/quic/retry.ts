/** Whether a Retry was made by someone who saw our Initial (RFC 9001 §5.8). */
import { createCipheriv } from 'node:crypto'
import type { QuicVersion } from './versions.ts'

/** The integrity tag of a Retry, from all of it but the tag and the connection ID that it answers. */
export function retryTag(version: QuicVersion, originalId: Uint8Array, signed: Uint8Array): Buffer {
  const cipher = createCipheriv('aes-128-gcm', version.retryKey, version.retryNonce)
  cipher.setAAD(Buffer.concat([Buffer.of(originalId.length), originalId, signed]))
  cipher.final()
  return cipher.getAuthTag()
}
