/** The ClientHello of a probe: TLS 1.3 for QUIC and nothing else (RFC 8446 §4.1.2, RFC 9001 §8). */
import { createECDH, generateKeyPairSync, randomBytes } from 'node:crypto'
import { CIPHER_SUITES, EXTENSION, GROUP, TLS_1_2, TLS_1_3 } from './tls.ts'
import { uint, vector } from './written.ts'

/** What differs from one hello to another. */
export interface HelloOptions {
  /** SNI; none is sent without. ASCII. */
  readonly serverName: string | undefined
  readonly alpn: readonly string[]
  /** As they go into `quic_transport_parameters`. */
  readonly transportParameters: Uint8Array
}

/** ECDSA, RSA-PSS, EdDSA and, for certificates, RSA of PKCS #1 (RFC 8446 §4.2.3). */
const SIGNATURES = [
  0x0403, 0x0503, 0x0603, 0x0804, 0x0805, 0x0806, 0x0807, 0x0808, 0x0401, 0x0501, 0x0601,
]
const CLIENT_HELLO = 1
const HOST_NAME = 0
/** With a key exchange of its own for each resumption, as every client has it. */
const PSK_DHE_KE = 1

/** A ClientHello, without the frames that carry it. Its keys are new, and nobody keeps their private halves. */
export function clientHello({ serverName, alpn, transportParameters }: HelloOptions): Buffer {
  const extensions = [
    ...(serverName === undefined ? [] : [serverNameExtension(serverName)]),
    extension(EXTENSION.supportedGroups, vector(2, ...Object.values(GROUP).map(two))),
    extension(EXTENSION.signatureAlgorithms, vector(2, ...SIGNATURES.map(two))),
    extension(EXTENSION.alpn, vector(2, ...alpn.map((name) => vector(1, Buffer.from(name))))),
    extension(EXTENSION.supportedVersions, vector(1, two(TLS_1_3))),
    extension(EXTENSION.pskKeyExchangeModes, vector(1, Buffer.of(PSK_DHE_KE))),
    extension(EXTENSION.keyShare, vector(2, share(GROUP.x25519), share(GROUP.secp256r1))),
    extension(EXTENSION.quicTransportParameters, transportParameters),
  ]
  const body = [
    two(TLS_1_2),
    randomBytes(32),
    // No session ID: QUIC has no compatibility mode (RFC 9001 §8.4).
    vector(1),
    vector(2, ...CIPHER_SUITES.map(two)),
    vector(1, Buffer.of(0)),
    vector(2, ...extensions),
  ]
  return Buffer.concat([Buffer.of(CLIENT_HELLO), vector(3, ...body)])
}

function extension(type: number, data: Uint8Array): Buffer {
  return Buffer.concat([two(type), vector(2, data)])
}

/** RFC 6066 §3. */
function serverNameExtension(name: string): Buffer {
  const entry = Buffer.concat([Buffer.of(HOST_NAME), vector(2, Buffer.from(name))])
  return extension(EXTENSION.serverName, vector(2, entry))
}

function share(group: number): Buffer {
  return Buffer.concat([two(group), vector(2, group === GROUP.x25519 ? x25519() : secp256r1())])
}

/** The last 32 bytes of what Node exports are the key (RFC 8410 §4). */
function x25519(): Buffer {
  const { publicKey } = generateKeyPairSync('x25519')
  return publicKey.export({ type: 'spki', format: 'der' }).subarray(-32)
}

/** An uncompressed point. */
function secp256r1(): Buffer {
  return createECDH('prime256v1').generateKeys()
}

function two(value: number): Buffer {
  return uint(value, 2)
}
