/** Keys of Initial packets: anyone who saw the first one has them (RFC 9001 §5.2). */
import { createHmac } from 'node:crypto'
import type { QuicVersion } from './versions.ts'
import { vector } from './written.ts'

/** What packets of one direction are protected with: AES-128-GCM, and AES-128 for their headers. */
export interface PacketKeys {
  readonly key: Buffer
  readonly iv: Buffer
  readonly hp: Buffer
}

/** Keys of both directions, from the Destination Connection ID of the client's first Initial or of a Retry. */
export interface InitialKeys {
  readonly client: PacketKeys
  readonly server: PacketKeys
}

export function initialKeys(version: QuicVersion, connectionId: Uint8Array): InitialKeys {
  // HKDF-Extract (RFC 5869 §2.2).
  const secret = createHmac('sha256', version.initialSalt).update(connectionId).digest()
  const of = (label: string) => packetKeys(version, expandLabel(secret, label, 32))
  return { client: of('client in'), server: of('server in') }
}

/** Keys from the secret of one direction (RFC 9001 §5.1). */
export function packetKeys(version: QuicVersion, secret: Uint8Array): PacketKeys {
  const of = (what: string, length: number) =>
    expandLabel(secret, `${version.labelPrefix} ${what}`, length)
  return { key: of('key', 16), iv: of('iv', 12), hp: of('hp', 16) }
}

/** HKDF-Expand-Label (RFC 8446 §7.1) with SHA-256 and no context, up to the 32 bytes of one block. */
export function expandLabel(secret: Uint8Array, label: string, length: number): Buffer {
  const info = [Buffer.of(0, length), vector(1, Buffer.from(`tls13 ${label}`)), Buffer.of(0, 1)]
  return createHmac('sha256', secret).update(Buffer.concat(info)).digest().subarray(0, length)
}
