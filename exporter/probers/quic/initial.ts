/**
 * The second rung: does the server answer a ClientHello? It is asked in an Initial as any client sends it, and has
 * to decrypt it, to agree on TLS and to make its half of the key exchange, or to say why not.
 */
import { isIP } from 'node:net'
import type { QuicProber, QuicTarget } from '../prober.ts'
import { frontDoorProber, type QuicProbing } from './front-door.ts'
import { InitialExchange } from './initial-exchange.ts'
import { versionOf, versionText } from './versions.ts'

/** RFC 7301 §3.1. */
const LONGEST_ALPN_BYTES = 255
/** RFC 1035 §3.1, as text. */
const LONGEST_NAME_BYTES = 253
const MOST_ALPN = 16

/** Begins a handshake with a front door, and leaves. */
export function initialProber(target: QuicTarget, probing: QuicProbing): QuicProber {
  const version = versionOf(target.version)
  if (version === undefined) {
    throw new RangeError(`QUIC version ${versionText(target.version)} is not spoken`)
  }
  const name = target.serverName ?? target.host
  // RFC 6066 §3: no address, and no final dot.
  const serverName = isIP(name) === 0 ? name.replace(/\.$/, '') : undefined
  if (serverName !== undefined && !/^[\x21-\x7e]+$/.test(serverName)) {
    throw new RangeError('a server name has to be ASCII: an international one in its xn-- form')
  }
  if ((serverName?.length ?? 0) > LONGEST_NAME_BYTES) throw new RangeError('a server name too long')
  const isProtocol = (text: string) => text !== '' && Buffer.byteLength(text) <= LONGEST_ALPN_BYTES
  const { alpn } = target
  if (alpn.length === 0 || alpn.length > MOST_ALPN || !alpn.every(isProtocol)) {
    throw new RangeError(`ALPN: 1 to ${MOST_ALPN} protocols of 1 to ${LONGEST_ALPN_BYTES} bytes`)
  }
  const { ids } = probing
  const options = { version, serverName, alpn, ...(ids === undefined ? {} : { ids }) }
  return frontDoorProber(target, probing, (note) => new InitialExchange({ ...options, note }))
}
