/** What a server may rightly answer, over real sockets: each is told as what it is. */
import t from 'tap'
import type { QuicProbeResult, QuicTarget } from '../exporter/probers/prober.ts'
import { closeFrame, cryptoFrame } from '../exporter/probers/quic/frames.ts'
import { LADDER, QUIC_RUNGS, type QuicRung } from '../exporter/probers/quic/ladder.ts'
import { isGrease, QUIC_V1, QUIC_V2 } from '../exporter/probers/quic/versions.ts'
import { uint, vector } from '../exporter/probers/quic/written.ts'
import { frontDoor, literally } from './support/quic-place.ts'
import {
  clientHelloOf,
  helloFrames,
  openInitial,
  RETRY_RANDOM,
  retryPacket,
  SERVER_ID,
  serverHelloMessage,
  serverInitial,
  startUdp,
  versionsPacket,
} from './support/quic-server.ts'
import { until } from './support/until.ts'

const WITHIN_MS = 10_000

async function probe(
  rung: QuicRung,
  port: number,
  changes: Partial<QuicTarget> = {},
): Promise<QuicProbeResult & { readonly notes: readonly string[] }> {
  const notes: string[] = []
  const prober = LADDER[rung](frontDoor(port, changes), literally(WITHIN_MS))
  const result = await prober(AbortSignal.timeout(WITHIN_MS), (line) => notes.push(line))
  return { ...result, notes }
}

/** Until the last words came. */
async function untilLeft(server: { readonly asked: readonly unknown[] }, datagrams: number) {
  await until('the last words', () => server.asked.length >= datagrams, { withinMs: 5000 })
}

t.test('the rungs are those of the ladder, in its order', (t) => {
  t.strictSame(Object.keys(LADDER), [...QUIC_RUNGS])
  t.end()
})

t.test('versions: asked in one that nobody has, GREASE left out, each told once', async (t) => {
  const server = await startUdp(t, (asked, reply) => {
    reply(versionsPacket(asked, [0x1a2a3a4a, QUIC_V1, QUIC_V2, QUIC_V1, 0xff00001d]))
  })
  const result = await probe('version_negotiation', server.port)
  t.equal(result.failure, undefined)
  t.equal(result.answer, 'version_negotiation')
  t.strictSame(result.versions, [QUIC_V1, QUIC_V2, 0xff00001d])
  t.equal(result.address, '127.0.0.1')
  t.ok(result.durationUs > 0 && result.durationUs < 1000 * WITHIN_MS)
  t.equal(server.asked.length, 1, 'one datagram')
  const [asked] = server.asked
  t.ok(isGrease(asked?.versionNumber ?? 0))
  t.ok((asked?.datagram.length ?? 0) >= 1200)
  t.equal(asked?.destinationId.length, 8)
})

t.test('versions: no two questions are alike', async (t) => {
  const server = await startUdp(t, (asked, reply) => reply(versionsPacket(asked, [QUIC_V1])))
  for (let i = 0; i < 3; i += 1) await probe('version_negotiation', server.port)
  const ids = server.asked.flatMap(({ destinationId, sourceId }) => [destinationId, sourceId])
  t.equal(new Set(ids.map((id) => id.toString('hex'))).size, 6)
})

for (const version of [QUIC_V1, QUIC_V2]) {
  t.test(`a ServerHello, version 0x${version.toString(16)}`, async (t) => {
    const server = await startUdp(t, (asked, reply) => {
      if (asked.nth === 0) reply(serverInitial(asked, helloFrames()))
    })
    const result = await probe('initial', server.port, { version })
    t.match(result, { failure: undefined, answer: 'server_hello', retried: false })
    t.notOk('closeCode' in result)
    t.equal(result.amplification?.sentBytes, 1200)
    await untilLeft(server, 2)
    t.equal(server.asked.length, 2, 'the question and the last words')
    for (const { datagram } of server.asked) t.equal(datagram.length, 1200)
    const [first, last] = server.asked
    if (first === undefined || last === undefined) throw new Error('nothing came')
    t.strictSame(last.destinationId, SERVER_ID, 'to the server by its own name')
    const { frames, packetNumber } = openInitial(last, first.destinationId)
    t.equal(packetNumber, 1)
    t.equal(frames.length, 1, 'no ACK: it would be a false round trip')
    t.match(frames[0], { type: 'close', code: 0 })
  })
}

t.test('the ClientHello: what a server of HTTP/3 needs stands in it', async (t) => {
  const server = await startUdp(t, (asked, reply) => reply(serverInitial(asked, closeFrame(0))))
  await probe('initial', server.port, { serverName: 'www.example.org.', alpn: ['h3', 'x'] })
  const hello = clientHelloOf(server.asked.slice(0, 1))
  const read = parseHello(hello)
  t.strictSame(read.get(0), Buffer.from('\0\x12\0\0\x0fwww.example.org'), 'SNI without a dot')
  t.strictSame(read.get(16), Buffer.from('\0\x05\x02h3\x01x'), 'ALPN')
  t.strictSame(read.get(43), Buffer.of(2, 3, 4), 'TLS 1.3 only')
  const shares = read.get(51) ?? Buffer.alloc(0)
  t.equal(shares.length, 2 + 4 + 32 + 4 + 65, 'shares of X25519 and P-256')
  const parameters = read.get(57) ?? Buffer.alloc(0)
  const source = server.asked[0]?.sourceId ?? Buffer.alloc(0)
  t.ok(parameters.includes(Buffer.concat([Buffer.of(0x0f, 8), source])), 'its source ID')
})

t.test('no SNI for an address', async (t) => {
  const server = await startUdp(t, (asked, reply) => reply(serverInitial(asked, closeFrame(0))))
  const { serverName: _, ...target } = frontDoor(server.port)
  await LADDER.initial(target, literally())(AbortSignal.timeout(WITHIN_MS), () => {})
  t.notOk(parseHello(clientHelloOf(server.asked.slice(0, 1))).has(0))
})

/** Extensions of a ClientHello. */
function parseHello(hello: Buffer): Map<number, Buffer> {
  let at = 4 + 2 + 32
  at += 1 + hello.readUInt8(at)
  at += 2 + hello.readUInt16BE(at)
  at += 1 + hello.readUInt8(at)
  const end = at + 2 + hello.readUInt16BE(at)
  const extensions = new Map<number, Buffer>()
  for (at += 2; at < end; at += 4 + hello.readUInt16BE(at + 2)) {
    extensions.set(
      hello.readUInt16BE(at),
      hello.subarray(at + 4, at + 4 + hello.readUInt16BE(at + 2)),
    )
  }
  t.equal(end, hello.length)
  return extensions
}

t.test(
  'a ServerHello in pieces: other order, other datagrams, one twice, packets together',
  async (t) => {
    const hello = serverHelloMessage({
      more: Buffer.concat([uint(0xfafa, 2), vector(2, Buffer.alloc(40))]),
    })
    const part = (from: number, to: number) => cryptoFrame(from, hello.subarray(from, to))
    const server = await startUdp(t, (asked, reply) => {
      if (asked.nth > 0) return
      reply(serverInitial(asked, part(70, hello.length), { packetNumber: 3 }))
      const two = serverInitial(asked, part(30, 60), { packetNumber: 1 })
      reply(Buffer.concat([two, serverInitial(asked, part(55, 70), { packetNumber: 2 })]))
      reply(two)
      reply(serverInitial(asked, part(0, 31), { packetNumber: 0 }))
    })
    const result = await probe('initial', server.port)
    t.match(result, { failure: undefined, answer: 'server_hello' })
  },
)

t.test('a hello beside long names and a long token takes more datagrams than one', async (t) => {
  const token = Buffer.alloc(700, 't')
  const alpn = Array.from({ length: 6 }, (_, index) => `${index}`.repeat(200))
  const server = await startUdp(t, (asked, reply) => {
    if (asked.nth < 2) reply(retryPacket(asked, { token }))
    if (asked.nth === 5) {
      reply(serverInitial(asked, helloFrames(), { sourceId: Buffer.alloc(20, 9) }))
    }
  })
  const result = await probe('initial', server.port, { alpn })
  t.match(result, { failure: undefined, answer: 'server_hello', retried: true })
  const again = server.asked.slice(2, 6)
  for (const one of again) {
    t.equal(one.datagram.length, 1200)
    t.strictSame(openInitial(one).token, token)
  }
  t.strictSame(clientHelloOf(again), clientHelloOf(server.asked.slice(0, 2)), 'the same hello')
})

t.test('a HelloRetryRequest is an answer', async (t) => {
  const hello = serverHelloMessage({ random: RETRY_RANDOM, keyShare: uint(0x0018, 2) })
  const server = await startUdp(t, (asked, reply) =>
    reply(serverInitial(asked, helloFrames(hello))),
  )
  const result = await probe('initial', server.port)
  t.match(result, { failure: undefined, answer: 'hello_retry_request' })
})

t.test('a Retry: the same hello to another name, with the token, and only once', async (t) => {
  const token = Buffer.from('come again')
  const server = await startUdp(t, (asked, reply) => {
    if (asked.nth === 0) reply(retryPacket(asked, { token }))
    if (asked.nth === 1) {
      // The Retry of a twin of the first Initial comes late: no second one.
      const [first] = server.asked
      if (first !== undefined) reply(retryPacket(first, { token: Buffer.from('late') }))
      reply(serverInitial(asked, helloFrames()))
    }
  })
  const result = await probe('initial', server.port)
  t.match(result, { failure: undefined, answer: 'server_hello', retried: true })
  const [first, second] = server.asked
  if (first === undefined || second === undefined) throw new Error('nothing came')
  t.strictSame(second.destinationId, SERVER_ID)
  t.strictSame(second.sourceId, first.sourceId)
  const opened = openInitial(second)
  t.strictSame(opened.token, token)
  t.equal(opened.packetNumber, 1, 'packet numbers go on')
  t.strictSame(clientHelloOf([second]), clientHelloOf([first]))
  t.equal(result.amplification?.sentBytes, 1200, 'up to the Retry')
  t.equal(result.amplification?.receivedBytes, retryPacket(first, { token }).length)
})

t.test('a close tells its code; the words of the server are escaped, and only noted', async (t) => {
  const reason = Buffer.from('no "\n\u001b[31m\u00e9 here')
  const close = Buffer.concat([
    Buffer.of(0x1c),
    uint(0x4178, 2),
    Buffer.of(6, reason.length),
    reason,
  ])
  const server = await startUdp(t, (asked, reply) => reply(serverInitial(asked, close)))
  const result = await probe('initial', server.port)
  t.match(result, { failure: 'close', answer: 'close', closeCode: 0x178 })
  t.equal(result.why, 'the server closed with 0x178 (TLS alert no_application_protocol)')
  const noted = result.notes.filter((line) => line.includes('CONNECTION_CLOSE'))
  t.equal(noted.length, 1)
  t.match(noted[0], 'no \\"\\n\\u001b[31m')
  t.match(noted[0], /^[\x20-\x7e]*$/)
  t.equal(server.asked.length, 1, 'nothing is left to say')
})

t.test('a ServerHello and then a close is a close', async (t) => {
  const server = await startUdp(t, (asked, reply) => {
    reply(serverInitial(asked, helloFrames()))
    reply(serverInitial(asked, closeFrame(2), { packetNumber: 1 }))
  })
  t.match(await probe('initial', server.port), { failure: 'close', closeCode: 2 })
  const together = await startUdp(t, (asked, reply) => {
    const hello = serverInitial(asked, helloFrames())
    reply(Buffer.concat([hello, serverInitial(asked, closeFrame(2), { packetNumber: 1 })]))
  })
  t.match(await probe('initial', together.port), { failure: 'close', closeCode: 2 })
})

t.test('another version: which there are', async (t) => {
  const server = await startUdp(t, (asked, reply) =>
    reply(versionsPacket(asked, [QUIC_V1, 0x0a0a0a0a])),
  )
  const result = await probe('initial', server.port, { version: QUIC_V2 })
  t.match(result, { failure: 'version', answer: 'version_negotiation', versions: [QUIC_V1] })
  t.equal(result.why, 'the server does not speak 0x6b3343cf')
})

t.test('targets that make no sense are refused before anything is sent', (t) => {
  const make = (changes: Partial<QuicTarget>) => () =>
    LADDER.initial(frontDoor(1, changes), literally())
  t.throws(make({ version: 3 }), RangeError)
  t.throws(make({ alpn: [] }), RangeError)
  t.throws(make({ alpn: ['x'.repeat(256)] }), RangeError)
  t.throws(make({ serverName: 'b\u00fccher.example' }), RangeError)
  t.throws(make({ serverName: 'a'.repeat(254) }), RangeError)
  t.end()
})
