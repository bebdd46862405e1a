/** QUIC version numbers as logs write them: hexadecimal, padded or not. */
import type { QuicVersion } from '../events.ts'

const VERSION = new Map<string, QuicVersion>([
  ['1', 'v1'],
  ['00000001', 'v1'],
  ['6b3343cf', 'v2'],
  ['ff00001d', 'draft29'],
])

/** The version that a log's hexadecimal text names (RFC 9000, RFC 9369, draft-29). */
export function quicVersion(written: string): QuicVersion {
  return VERSION.get(written) ?? 'other'
}
