/** Keys, packet protection and Retry of both versions: what the RFCs worked out, byte for byte. */
import t from 'tap'
import { initialFrames } from '../exporter/probers/quic/frames.ts'
import { initialKeys } from '../exporter/probers/quic/keys.ts'
import { initialHeader, packetsOf } from '../exporter/probers/quic/long-header.ts'
import {
  OVERHEAD_BYTES,
  protect,
  unprotect,
  wholeNumber,
} from '../exporter/probers/quic/protection.ts'
import { retryTag } from '../exporter/probers/quic/retry.ts'
import { serverHello } from '../exporter/probers/quic/server-hello.ts'
import { versionOf } from '../exporter/probers/quic/versions.ts'
import {
  CLIENT_FRAMES,
  CLIENT_PACKET_NUMBER,
  CLIENT_PAYLOAD_BYTES,
  ORIGINAL_ID,
  RETRY_TOKEN,
  SERVER_FRAMES,
  SERVER_ID,
  SERVER_PACKET_NUMBER,
  VECTORS,
} from './support/quic-vectors.ts'

const hex = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('hex')

for (const vector of VECTORS) {
  const version = versionOf(vector.version)
  if (version === undefined) throw new Error(`${vector.rfc} is not spoken`)
  const keys = initialKeys(version, ORIGINAL_ID)
  const clientPayload = Buffer.alloc(CLIENT_PAYLOAD_BYTES)
  CLIENT_FRAMES.copy(clientPayload)

  t.test(`${vector.rfc} A.1: keys`, (t) => {
    for (const what of ['key', 'iv', 'hp'] as const) {
      t.equal(hex(keys.client[what]), hex(vector.clientKeys[what]), `client ${what}`)
      t.equal(hex(keys.server[what]), hex(vector.serverKeys[what]), `server ${what}`)
    }
    t.end()
  })

  t.test(`${vector.rfc} A.2: the client's Initial`, (t) => {
    const header = initialHeader(
      {
        version,
        destinationId: ORIGINAL_ID,
        sourceId: Buffer.alloc(0),
        token: Buffer.alloc(0),
        packetNumber: CLIENT_PACKET_NUMBER,
        payloadBytes: CLIENT_PAYLOAD_BYTES,
      },
      OVERHEAD_BYTES,
    )
    t.equal(hex(header), hex(vector.clientHeader), 'header')
    const packet = protect(keys.client, header, CLIENT_PACKET_NUMBER, clientPayload)
    t.equal(hex(packet), hex(vector.clientPacket), 'packet')
    const [read] = packetsOf(packet)
    if (read?.type !== 'initial') throw new Error('no Initial')
    const opened = unprotect(keys.client, read.packet, read.numberAt, -1)
    t.equal(hex(opened?.payload), hex(clientPayload), 'payload')
    t.equal(opened?.packetNumber, CLIENT_PACKET_NUMBER)
    t.equal(opened?.hasReservedBits, false)
    t.end()
  })

  t.test(`${vector.rfc} A.3: the server's Initial`, (t) => {
    const number = SERVER_PACKET_NUMBER
    const packet = protect(keys.server, vector.serverHeader, number, SERVER_FRAMES)
    t.equal(hex(packet), hex(vector.serverPacket), 'packet')
    const [read] = packetsOf(vector.serverPacket)
    if (read?.type !== 'initial') throw new Error('no Initial')
    t.equal(hex(read.sourceId), hex(SERVER_ID))
    t.equal(hex(read.destinationId), '')
    const opened = unprotect(keys.server, read.packet, read.numberAt, -1)
    t.equal(hex(opened?.payload), hex(SERVER_FRAMES), 'payload')
    t.equal(opened?.packetNumber, number)
    const frames = initialFrames(opened?.payload ?? Buffer.alloc(0)) ?? []
    t.match(frames, [
      { type: 'ack', largest: 0 },
      { type: 'crypto', offset: 0 },
    ])
    const stream = frames[1]?.type === 'crypto' ? frames[1].data : Buffer.alloc(0)
    t.strictSame(serverHello(stream), { type: 'server_hello', cipherSuite: 0x1301, group: 0x1d })
    t.equal(serverHello(stream.subarray(0, -1)), undefined, 'not all there')
    t.equal(unprotect(keys.client, read.packet, read.numberAt, -1), undefined, 'the other keys')
    t.end()
  })

  t.test(`${vector.rfc} A.3: no bit of a packet can be changed unseen`, (t) => {
    const packet = vector.serverPacket
    const [read] = packetsOf(packet)
    if (read?.type !== 'initial') throw new Error('no Initial')
    const unseen: number[] = []
    for (let bit = 0; bit < 8 * packet.length; bit += 1) {
      const changed = Buffer.from(packet)
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      if (unprotect(keys.server, changed, read.numberAt, -1) !== undefined) unseen.push(bit)
    }
    t.strictSame(unseen, [])
    t.end()
  })

  t.test(`${vector.rfc} A.4: Retry`, (t) => {
    const [read] = packetsOf(vector.retry)
    if (read?.type !== 'retry') throw new Error('no Retry')
    t.equal(hex(read.token), hex(RETRY_TOKEN))
    t.equal(hex(read.sourceId), hex(SERVER_ID))
    t.equal(hex(retryTag(version, ORIGINAL_ID, read.signed)), hex(read.tag))
    t.not(hex(retryTag(version, SERVER_ID, read.signed)), hex(read.tag), 'the answer to another')
    t.end()
  })
}

t.test('RFC 9000 A.3: packet numbers from their lowest bytes', (t) => {
  t.equal(wholeNumber(0x9b32, 2, 0xa82f30ea), 0xa82f9b32)
  t.equal(wholeNumber(0, 1, -1), 0)
  t.equal(wholeNumber(0xffffffff, 4, -1), 0xffffffff, 'a first one may be any')
  t.equal(wholeNumber(0, 1, 255), 256)
  t.equal(wholeNumber(255, 1, 256), 255)
  t.end()
})
