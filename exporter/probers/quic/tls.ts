/** Numbers of TLS 1.3 that both hellos are made of (RFC 8446 §4, RFC 7301, RFC 9001 §8.2). */

export const TLS_1_2 = 0x0303
export const TLS_1_3 = 0x0304

/** AES-128-GCM, AES-256-GCM, ChaCha20-Poly1305: those that QUIC has header protection for, but for CCM. */
export const CIPHER_SUITES: readonly number[] = [0x1301, 0x1302, 0x1303]

/** Groups that a server may choose from. Shares are sent for the first two; it has to ask for the third. */
export const GROUP = { x25519: 0x001d, secp256r1: 0x0017, secp384r1: 0x0018 } as const

export const EXTENSION = {
  serverName: 0,
  supportedGroups: 10,
  signatureAlgorithms: 13,
  alpn: 16,
  preSharedKey: 41,
  supportedVersions: 43,
  cookie: 44,
  pskKeyExchangeModes: 45,
  keyShare: 51,
  quicTransportParameters: 57,
} as const
