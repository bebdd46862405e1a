/** What differs from one version of QUIC to another: RFC 9000 and 9001 (v1), RFC 9369 (v2). */
import { randomBytes } from 'node:crypto'

export const QUIC_V1 = 0x00000001
export const QUIC_V2 = 0x6b3343cf

/** Types of packets with a long header, but for Version Negotiation, which has none. */
export type LongType = 'initial' | 'zero_rtt' | 'handshake' | 'retry'

/** Constants of one version. */
export interface QuicVersion {
  readonly number: number
  /** RFC 9001 §5.2, RFC 9369 §3.3.1. */
  readonly initialSalt: Buffer
  /** What stands before `key`, `iv` and `hp` in the labels (RFC 9001 §5.1, RFC 9369 §3.3.2). */
  readonly labelPrefix: 'quic' | 'quicv2'
  /** By the two bits in the first byte (RFC 9000 §17.2, RFC 9369 §3.2). */
  readonly longTypes: readonly [LongType, LongType, LongType, LongType]
  /** RFC 9001 §5.8, RFC 9369 §3.3.3. */
  readonly retryKey: Buffer
  readonly retryNonce: Buffer
}

/** Versions that are told of; one datagram could list 16,000. */
const MOST_VERSIONS = 32

const VERSIONS: readonly QuicVersion[] = [
  {
    number: QUIC_V1,
    initialSalt: Buffer.from('38762cf7f55934b34d179ae6a4c80cadccbb7f0a', 'hex'),
    labelPrefix: 'quic',
    longTypes: ['initial', 'zero_rtt', 'handshake', 'retry'],
    retryKey: Buffer.from('be0c690b9f66575a1d766b54e368c84e', 'hex'),
    retryNonce: Buffer.from('461599d35d632bf2239825bb', 'hex'),
  },
  {
    number: QUIC_V2,
    initialSalt: Buffer.from('0dede3def700a6db819381be6e269dcbf9bd2ed9', 'hex'),
    labelPrefix: 'quicv2',
    longTypes: ['retry', 'initial', 'zero_rtt', 'handshake'],
    retryKey: Buffer.from('8fb4b01b56ac48e260fbcbcead7ccc92', 'hex'),
    retryNonce: Buffer.from('d86969bc2d7c6d9990efb04a', 'hex'),
  },
]

/** The constants of a version that is spoken here. */
export function versionOf(number: number): QuicVersion | undefined {
  return VERSIONS.find((version) => version.number === number)
}

/** Versions `0x?a?a?a?a` are nobody's; who lists them only keeps others from ossifying (RFC 9000 §15). */
export function isGrease(version: number): boolean {
  return (version & 0x0f0f0f0f) >>> 0 === 0x0a0a0a0a
}

/** A version that no server has, so that each that speaks QUIC says which it has. */
export function greaseVersion(): number {
  return ((randomBytes(4).readUInt32BE() & 0xf0f0f0f0) | 0x0a0a0a0a) >>> 0
}

/** Those that someone could speak, each once, as many as are told of. */
export function realVersions(offered: readonly number[]): readonly number[] {
  const real = new Set(offered.filter((version) => !isGrease(version)))
  return [...real].slice(0, MOST_VERSIONS)
}

/** How a version is written: `0x00000001`. */
export function versionText(version: number): string {
  return `0x${version.toString(16).padStart(8, '0')}`
}
