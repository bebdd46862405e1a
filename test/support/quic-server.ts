/** A server of one UDP port that answers Initials as a test wants it to: well, badly, from elsewhere. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import type { Test } from 'tap'
import { Cursor } from '../../exporter/probers/quic/cursor.ts'
import {
  cryptoFrame,
  type InitialFrame,
  initialFrames,
} from '../../exporter/probers/quic/frames.ts'
import { type InitialKeys, initialKeys } from '../../exporter/probers/quic/keys.ts'
import { initialHeader, packetsOf } from '../../exporter/probers/quic/long-header.ts'
import { OVERHEAD_BYTES, protect, unprotect } from '../../exporter/probers/quic/protection.ts'
import { retryTag } from '../../exporter/probers/quic/retry.ts'
import { type QuicVersion, versionOf } from '../../exporter/probers/quic/versions.ts'
import { uint, varint, vector } from '../../exporter/probers/quic/written.ts'

/** What such a server calls itself. */
export const SERVER_ID = Buffer.from('5e57e12a5e57e12b', 'hex')

/** What a client's datagram says without keys. */
export interface Asked {
  readonly datagram: Buffer
  readonly versionNumber: number
  readonly destinationId: Buffer
  readonly sourceId: Buffer
  readonly from: { readonly address: string; readonly port: number }
  /** Which of the datagrams that came it is, from 0 on. */
  readonly nth: number
}

/** A server at work. */
export interface Udp {
  readonly port: number
  readonly asked: readonly Asked[]
}

type Answer = (asked: Asked, reply: (datagram: Uint8Array) => void) => void

/** Binds a free port of 127.0.0.1 until the end of the test. */
export async function startUdp(t: Test, answer: Answer = () => {}): Promise<Udp> {
  const socket = createSocket('udp4')
  const all: Asked[] = []
  socket.on('message', (datagram, from) => {
    const cursor = new Cursor(datagram, 1)
    const versionNumber = cursor.uint(4)
    const destinationId = cursor.take(cursor.uint(1))
    const sourceId = cursor.take(cursor.uint(1))
    const asked = { datagram, versionNumber, destinationId, sourceId, from, nth: all.length }
    all.push(asked)
    answer(asked, (reply) => socket.send(reply, from.port, from.address))
  })
  await once(socket.bind(0, '127.0.0.1'), 'listening')
  t.teardown(() => void socket.close())
  return { port: socket.address().port, asked: all }
}

/** A client's Initial, opened with the keys of the connection ID that it goes to, or another. */
export function openInitial(
  { datagram, destinationId }: Asked,
  keyId: Buffer = destinationId,
): {
  readonly packetNumber: number
  readonly token: Buffer
  readonly frames: readonly InitialFrame[]
} {
  const [packet] = packetsOf(datagram)
  if (packet?.type !== 'initial') throw new Error('no Initial')
  const { client } = keysOf(packet.version, keyId)
  const opened = unprotect(client, packet.packet, packet.numberAt, -1)
  if (opened === undefined) throw new Error('an Initial for others')
  const cursor = new Cursor(datagram, 7 + packet.destinationId.length + packet.sourceId.length)
  const token = cursor.take(cursor.varint())
  const frames = initialFrames(opened.payload)
  if (frames === undefined) throw new Error('frames that may not be there')
  return { packetNumber: opened.packetNumber, token, frames }
}

/** A whole ClientHello, from one datagram or more. */
export function clientHelloOf(asked: readonly Asked[], keyId?: Buffer): Buffer {
  const parts = asked
    .flatMap((one) => openInitial(one, keyId).frames)
    .flatMap((frame) => (frame.type === 'crypto' ? [frame] : []))
    .sort((one, other) => one.offset - other.offset)
  return Buffer.concat(parts.map(({ data }) => data))
}

function keysOf(version: QuicVersion, id: Buffer): InitialKeys {
  return initialKeys(version, id)
}

/** How an Initial of a server differs from the plain one. */
export interface InitialChanges {
  readonly packetNumber?: number
  readonly sourceId?: Buffer
  readonly destinationId?: Buffer
  /** Whose keys protect it; those of the Initial that is answered by default. */
  readonly keyId?: Buffer
  readonly reservedBits?: boolean
}

/** An Initial with these frames, as the answer to an Initial. */
export function serverInitial(asked: Asked, frames: Buffer, changes: InitialChanges = {}): Buffer {
  const { packetNumber = 0, sourceId = SERVER_ID, destinationId = asked.sourceId } = changes
  const version = spoken(asked)
  const header = initialHeader(
    {
      version,
      destinationId,
      sourceId,
      token: Buffer.alloc(0),
      packetNumber,
      payloadBytes: frames.length,
    },
    OVERHEAD_BYTES,
  )
  if (changes.reservedBits) header[0] = (header[0] ?? 0) | 0x0c
  const { server } = keysOf(version, changes.keyId ?? asked.destinationId)
  return protect(server, header, packetNumber, frames)
}

/** An ACK of these packets (RFC 9000 §19.3). */
export function ackFrame(packetNumbers: Iterable<number>): Buffer {
  const numbers = [...new Set(packetNumbers)].sort((one, other) => other - one)
  // Each range with its largest and its smallest number, from the highest range on.
  const ranges: [largest: number, smallest: number][] = []
  for (const number of numbers) {
    const last = ranges.at(-1)
    if (last !== undefined && last[1] === number + 1) last[1] = number
    else ranges.push([number, number])
  }
  const [[largest, smallest] = [0, 0], ...more] = ranges
  const parts = [Buffer.of(0x02), varint(largest), varint(0), varint(more.length)]
  parts.push(varint(largest - smallest))
  let previous = smallest
  for (const [high, low] of more) {
    parts.push(varint(previous - high - 2), varint(high - low))
    previous = low
  }
  return Buffer.concat(parts)
}

/** ACK of the first packet, and a ServerHello. */
export function helloFrames(hello: Buffer = serverHelloMessage()): Buffer {
  return Buffer.concat([ackFrame([0]), cryptoFrame(0, hello)])
}

/** What may differ in a ServerHello. */
export interface HelloChanges {
  readonly random?: Buffer
  readonly sessionId?: Buffer
  readonly cipherSuite?: number
  readonly tlsVersion?: number
  /** Content of `key_share`; none if null. */
  readonly keyShare?: Buffer | null
  readonly more?: Buffer
}

/** A ServerHello with a share of X25519 that nobody has the other half of. */
export function serverHelloMessage(changes: HelloChanges = {}): Buffer {
  const { cipherSuite = 0x1301, tlsVersion = 0x0304, sessionId = Buffer.alloc(0) } = changes
  const share = Buffer.concat([uint(0x001d, 2), vector(2, Buffer.alloc(32, 7))])
  const { keyShare = share } = changes
  const extensions = [
    Buffer.concat([uint(43, 2), vector(2, uint(tlsVersion, 2))]),
    ...(keyShare === null ? [] : [Buffer.concat([uint(51, 2), vector(2, keyShare)])]),
    ...(changes.more === undefined ? [] : [changes.more]),
  ]
  const body = [
    uint(0x0303, 2),
    changes.random ?? Buffer.alloc(32, 1),
    vector(1, sessionId),
    uint(cipherSuite, 2),
    Buffer.of(0),
    vector(2, ...extensions),
  ]
  return Buffer.concat([Buffer.of(2), vector(3, ...body)])
}

/** The random bytes that make a ServerHello a HelloRetryRequest (RFC 8446 §4.1.3). */
export const RETRY_RANDOM = Buffer.from(
  'cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c',
  'hex',
)

/** What may differ in a Retry. */
export interface RetryChanges {
  readonly token?: Buffer
  readonly sourceId?: Buffer
  /** The connection ID that the tag says it answers. */
  readonly tagId?: Buffer
}

/** A Retry that answers an Initial. */
export function retryPacket(asked: Asked, changes: RetryChanges = {}): Buffer {
  const {
    token = Buffer.from('a token'),
    sourceId = SERVER_ID,
    tagId = asked.destinationId,
  } = changes
  const version = spoken(asked)
  const signed = Buffer.concat([
    Buffer.of(0xc0 | (version.longTypes.indexOf('retry') << 4)),
    uint(version.number, 4),
    ...[asked.sourceId, sourceId].flatMap((id) => [Buffer.of(id.length), id]),
    token,
  ])
  return Buffer.concat([signed, retryTag(version, tagId, signed)])
}

/** A Version Negotiation packet; the IDs are those of the question, swapped, unless given. */
export function versionsPacket(
  asked: Asked,
  versions: readonly number[],
  ids: readonly [destination: Buffer, source: Buffer] = [asked.sourceId, asked.destinationId],
): Buffer {
  return Buffer.concat([
    Buffer.of(0xbf),
    uint(0, 4),
    ...ids.flatMap((id) => [Buffer.of(id.length), id]),
    ...versions.map((version) => uint(version, 4)),
  ])
}

function spoken({ versionNumber }: Asked): QuicVersion {
  const version = versionOf(versionNumber)
  if (version === undefined) throw new Error('asked in a version of nobody')
  return version
}
