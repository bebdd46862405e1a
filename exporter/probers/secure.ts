/** TLS over a connection: who the backend says it is, whether that is believed, and until when. */
import type { X509Certificate } from 'node:crypto'
import { isIP, type Socket } from 'node:net'
import { checkServerIdentity, connect as connectTls, type TLSSocket } from 'node:tls'
import type { SecureContexts } from './contexts.ts'
import { ProbeError } from './failure.ts'
import { happening } from './happening.ts'
import type { Look } from './look.ts'
import type { Endpoint, TlsSettings } from './prober.ts'

/** What a handshake is for. */
export interface Handshake {
  readonly endpoint: Endpoint
  readonly tls: TlsSettings
  /** Application protocol to ask for; none: the extension is not sent. */
  readonly alpn?: string
  readonly contexts: SecureContexts
}

/** Completes the handshake, checks the certificate, and notes its expiry either way. */
export function secure(look: Look, socket: Socket, handshake: Handshake): Promise<TLSSocket> {
  const { endpoint, tls, alpn, contexts } = handshake
  return look.spend('tls', async () => {
    const name = (tls.serverName ?? endpoint.host).replace(/\.$/, '')
    let mismatch = ''
    const secured = connectTls({
      socket,
      secureContext: contexts.of(tls, look.note),
      // The name that is checked if there is no SNI: an address is never sent as one (RFC 6066 §3).
      host: name,
      servername: isIP(name) === 0 ? name : '',
      ...(alpn !== undefined && { ALPNProtocols: [alpn] }),
      checkServerIdentity: (_, certificate) => {
        const error = checkServerIdentity(name, certificate)
        mismatch = error?.message ?? ''
        return error
      },
      // A certificate that is refused is looked at all the same; the check is below.
      rejectUnauthorized: false,
    })
    look.hold(secured, socket)
    await happening(secured, 'secureConnect')
    look.certificateExpiryUs = earliest(look.certificateExpiryUs, endOf(secured))
    look.note(`${secured.getProtocol()}, application protocol ${secured.alpnProtocol || 'none'}`)
    if (!secured.authorized) {
      const why = mismatch || `certificate refused: ${secured.authorizationError}`
      if (tls.verify) throw new ProbeError('tls', why)
      look.note(`taken unverified: ${why}`)
    }
    return secured
  })
}

/** The earliest end of the chain as the backend sent it, Unix µs. */
function endOf(socket: TLSSocket): number | undefined {
  let earliestUs: number | undefined
  let certificate: X509Certificate | undefined = socket.getPeerX509Certificate()
  while (certificate !== undefined) {
    earliestUs = earliest(earliestUs, certificate.validToDate.getTime() * 1000)
    certificate = certificate.issuerCertificate
  }
  return earliestUs
}

function earliest(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other
  return Math.min(one, other)
}
