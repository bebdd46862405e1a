/** Front doors that are shut, silent, broken or hostile, over real sockets: each has its reason, none hangs. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { networkInterfaces } from 'node:os'
import t from 'tap'
import type { QuicProbeResult, QuicTarget } from '../exporter/probers/prober.ts'
import { closeFrame, cryptoFrame } from '../exporter/probers/quic/frames.ts'
import {
  LADDER,
  QUIC_RUNGS,
  type QuicProbing,
  type QuicRung,
} from '../exporter/probers/quic/ladder.ts'
import { QUIC_V1, QUIC_V2 } from '../exporter/probers/quic/versions.ts'
import { uint } from '../exporter/probers/quic/written.ts'
import { startRelay } from '../scripts/udp-relay/relay.ts'
import { frontDoor, literally } from './support/quic-place.ts'
import {
  helloFrames,
  RETRY_RANDOM,
  type RetryChanges,
  retryPacket,
  serverHelloMessage,
  serverInitial,
  startUdp,
  versionsPacket,
} from './support/quic-server.ts'
import { until } from './support/until.ts'

/** Long enough for what is to be found out at once. */
const PATIENT_MS = 10_000
/** Sets the pace of repetitions where they are waited for: a quarter of it at first. */
const BRISK = literally(400)

interface Options {
  readonly changes?: Partial<QuicTarget>
  readonly probing?: QuicProbing
  readonly signal?: AbortSignal
  /** The time is up once this has been noted so often. */
  readonly upAfter?: readonly [line: RegExp, times: number]
}

async function probe(
  rung: QuicRung,
  port: number,
  { changes = {}, probing = literally(PATIENT_MS), signal, upAfter }: Options = {},
): Promise<QuicProbeResult & { readonly notes: readonly string[] }> {
  const notes: string[] = []
  const up = new AbortController()
  const limit = setTimeout(() => up.abort(), PATIENT_MS)
  const note = (line: string) => {
    notes.push(line)
    const [sign, times] = upAfter ?? [/^$/, 1]
    if (notes.filter((one) => sign.test(one)).length >= times) up.abort()
  }
  const prober = LADDER[rung](frontDoor(port, changes), probing)
  const signals = signal === undefined ? [up.signal] : [up.signal, signal]
  const result = await prober(AbortSignal.any(signals), note)
  clearTimeout(limit)
  return { ...result, notes }
}

for (const rung of QUIC_RUNGS) {
  t.test(`${rung}: a closed port is refused, at once`, async (t) => {
    const socket = createSocket('udp4')
    await once(socket.bind(0, '127.0.0.1'), 'listening')
    const { port } = socket.address()
    await new Promise<void>((resolve) => socket.close(resolve))
    const result = await probe(rung, port)
    t.match(result, { failure: 'refused', why: 'nobody listens on the UDP port' })
    t.ok(result.durationUs < 1000 * PATIENT_MS)
    t.notOk('answer' in result)
  })

  t.test(`${rung}: a silent port is asked again and again, then it is a timeout`, async (t) => {
    const up = new AbortController()
    const server = await startUdp(t, ({ nth }) => {
      if (nth === 2) up.abort()
    })
    const result = await probe(rung, server.port, { probing: BRISK, signal: up.signal })
    t.match(result, { failure: 'timeout', why: 'no answer' })
    t.notOk('answer' in result)
    // After 100 ms and after 200 more; timers of Node.js may be early by less than a millisecond each.
    t.ok(result.durationUs >= 298_000, `${result.durationUs}`)
    t.equal(server.asked.length, 3)
  })

  t.test(`${rung}: garbage is no answer, and no failure before the time is up`, async (t) => {
    const server = await startUdp(t, (asked, reply) => {
      reply(Buffer.from('SSH-2.0-OpenSSH_9.2\r\n'))
      reply(Buffer.alloc(0))
      reply(Buffer.alloc(1200, 0xff))
      // Right up to the IDs, which are those of another.
      reply(versionsPacket(asked, [QUIC_V1], [Buffer.alloc(8, 1), Buffer.alloc(8, 2)]))
    })
    const result = await probe(rung, server.port, { upAfter: [/ignored/, 4] })
    t.equal(result.failure, 'timeout')
    t.match(result.why, /^no answer; ignored: .*connection IDs that are not ours \(\d+\)/)
    t.notOk('answer' in result)
  })

  t.test(`${rung}: what comes from another port is not heard`, async (t) => {
    const other = createSocket('udp4')
    await once(other.bind(0, '127.0.0.1'), 'listening')
    t.teardown(() => void other.close())
    const up = new AbortController()
    const server = await startUdp(t, (asked) => {
      // The question is repeated: the answer from elsewhere has been there for long.
      if (asked.nth === 1) up.abort()
      const answer =
        rung === 'initial' ? serverInitial(asked, helloFrames()) : versionsPacket(asked, [QUIC_V1])
      other.send(answer, asked.from.port, asked.from.address)
    })
    const result = await probe(rung, server.port, { probing: BRISK, signal: up.signal })
    t.match(result, { failure: 'timeout', why: 'no answer' })
  })

  t.test(`${rung}: more datagrams than any answer takes`, async (t) => {
    const server = await startUdp(t, (_asked, reply) => {
      for (let i = 0; i < 400; i += 1) reply(Buffer.alloc(20, 0x40))
    })
    const result = await probe(rung, server.port)
    t.equal(result.failure, 'protocol')
    t.match(result.why, /^256 datagrams and no answer/)
    t.ok(result.notes.length < 30, 'few of them are told of one by one')
  })

  t.test(`${rung}: the signal ends it at any moment`, async (t) => {
    const server = await startUdp(t)
    t.match(await probe(rung, server.port, { signal: AbortSignal.abort() }), { failure: 'timeout' })
    t.equal(server.asked.length, 0, 'before anything was sent')
    const stop = new AbortController()
    const open = await startUdp(t, () => stop.abort())
    t.match(await probe(rung, open.port, { signal: stop.signal }), { failure: 'timeout' })
  })

  t.test(`${rung}: names that are none, that never come, resolvers that break`, async (t) => {
    const named = { host: 'front.invalid' }
    t.match(await probe(rung, 1, { changes: named }), { failure: 'dns', why: 'no such name' })
    const never = { ...BRISK, resolve: () => new Promise<never>(() => {}) }
    const stop = new AbortController()
    setTimeout(() => stop.abort(), 20)
    const waited = await probe(rung, 1, { probing: never, signal: stop.signal })
    t.match(waited, { failure: 'timeout', why: 'no address in time' })
    const none = { ...BRISK, resolve: async () => [] }
    t.match(await probe(rung, 1, { probing: none }), { failure: 'dns' })
    const broken = { ...BRISK, resolve: () => Promise.reject(new Error('broken')) }
    t.match(await probe(rung, 1, { probing: broken }), { failure: 'other', why: 'broken' })
    t.match(await probe(rung, 70_000), { failure: 'other' })
  })

  t.test(`${rung}: the first datagram is lost, then the first answer`, async (t) => {
    let answers = 0
    const server = await startUdp(t, (asked, reply) => {
      answers += 1
      if (asked.nth === 0) return
      reply(
        rung === 'initial' ? serverInitial(asked, helloFrames()) : versionsPacket(asked, [QUIC_V1]),
      )
    })
    const result = await probe(rung, server.port, { probing: BRISK })
    t.equal(result.failure, undefined)
    t.ok(result.durationUs >= 99_000, `from the first datagram on: ${result.durationUs}`)
    t.ok(answers >= 2)
    const relay = await startRelay({
      serverPort: server.port,
      // Nothing passes in the first 50 ms, in either direction.
      blackHole: { fromMs: 0, toMs: 50 },
    })
    t.teardown(() => relay.close())
    const again = await probe(rung, relay.port, { probing: BRISK })
    t.equal(again.failure, undefined)
    t.ok(again.durationUs >= 99_000, `${again.durationUs}`)
    const { up } = await relay.close()
    t.ok(up.lost >= 1, 'the relay did lose one')
  })
}

t.test('versions: whatever has our IDs and is no offer is a fault of the server', async (t) => {
  const answer = async (make: Parameters<typeof startUdp>[1]) => {
    const server = await startUdp(t, make)
    return probe('version_negotiation', server.port)
  }
  const own = await answer((asked, reply) => {
    reply(versionsPacket(asked, [QUIC_V1, asked.versionNumber]))
  })
  t.match(own, { failure: 'protocol', why: /offers 0x.a.a.a.a, which it was asked for/ })
  t.notOk('versions' in own)
  const empty = await answer((asked, reply) => reply(versionsPacket(asked, [])))
  t.match(empty, { failure: 'protocol', why: /without versions/ })
  const cut = await answer((asked, reply) => reply(versionsPacket(asked, [1, 2]).subarray(0, -1)))
  t.match(cut, { failure: 'protocol', why: /cut off/ })
  const initial = await answer((asked, reply) => {
    const inVersion1 = { ...asked, versionNumber: QUIC_V1 }
    reply(serverInitial(inVersion1, helloFrames(), { sourceId: asked.destinationId }))
  })
  t.match(initial, { failure: 'protocol', why: /where Version Negotiation belongs/ })
  const mirror = await startUdp(t, (asked, reply) => reply(asked.datagram))
  const reflected = await probe('version_negotiation', mirror.port, {
    upAfter: [/ignored/, 1],
  })
  t.match(reflected, { failure: 'timeout', why: /IDs that are not ours/ }, 'a mirror')
})

t.test('versions: a list as long as a datagram is cut', async (t) => {
  const many = Array.from({ length: 2000 }, (_, index) => index + 1)
  const server = await startUdp(t, (asked, reply) => reply(versionsPacket(asked, many)))
  const { versions } = await probe('version_negotiation', server.port)
  t.strictSame(versions, many.slice(0, 32))
})

t.test('a Retry: wrong tag, no token, no new name, twice', async (t) => {
  const retries: readonly (readonly [why: string, ...RetryChanges[]])[] = [
    ['a Retry with a wrong integrity tag', { tagId: Buffer.alloc(8) }],
    ['a Retry without a token', { token: Buffer.alloc(0) }],
    ['a Retry with a token of 1100 bytes', { token: Buffer.alloc(1100, 1) }],
    ['a second Retry', {}, { sourceId: Buffer.alloc(8, 3) }],
    ['a Retry with a wrong integrity tag', {}, { tagId: Buffer.alloc(8) }],
  ]
  for (const [why, ...changes] of retries) {
    const server = await startUdp(t, (asked, reply) =>
      reply(retryPacket(asked, changes[asked.nth])),
    )
    const result = await probe('initial', server.port)
    t.match(result, { failure: 'retry', why, retried: changes.length === 2 })
    t.equal(server.asked.length, changes.length)
  }
  const same = await startUdp(t, (asked, reply) => {
    reply(retryPacket(asked, { sourceId: asked.destinationId }))
  })
  t.match(await probe('initial', same.port), { failure: 'retry', why: /no new connection ID/ })
})

t.test('an answer that breaks the rules: what is wrong is said', async (t) => {
  const share = Buffer.concat([uint(0x001e, 2), uint(56, 2), Buffer.alloc(56)])
  const sameGroup = { random: RETRY_RANDOM, keyShare: uint(0x001d, 2) }
  const hello = (changes: Parameters<typeof serverHelloMessage>[0]) =>
    helloFrames(serverHelloMessage(changes))
  const cases: readonly (readonly [why: RegExp, frames: Buffer, reservedBits?: boolean])[] = [
    [/cipher suite/, hello({ cipherSuite: 0x1304 })],
    [/not TLS 1.3/, hello({ tlsVersion: 0x0303 })],
    [/answer another hello/, hello({ sessionId: Buffer.alloc(32) })],
    [/key share/, hello({ keyShare: null })],
    [/key share/, hello({ keyShare: share })],
    [/HelloRetryRequest for a group/, hello(sameGroup)],
    [/HelloRetryRequest that asks for nothing/, hello({ random: RETRY_RANDOM, keyShare: null })],
    [/cut off/, cryptoFrame(0, Buffer.of(2, 0, 0, 3, 3, 3, 0))],
    [/handshake message 1 /, cryptoFrame(0, Buffer.of(1, 0, 0, 3, 3, 3, 0))],
    [/a ServerHello of 16777215 bytes/, cryptoFrame(0, Buffer.of(2, 255, 255, 255))],
    [
      /far beyond/,
      Buffer.concat([Buffer.of(6), uint(0xffffffff, 4), uint(0xffffffff, 4), Buffer.of(1, 0)]),
    ],
    [/far beyond/, cryptoFrame(16_384, Buffer.of(0))],
    [/frames or bits/, Buffer.alloc(0)],
    [/frames or bits/, Buffer.of(0x08, 0, 0, 0)],
    [/frames or bits/, Buffer.concat([Buffer.of(0x1d, 0, 0, 0), Buffer.alloc(20)])],
    [/frames or bits/, Buffer.concat([Buffer.of(0x06, 0, 0x7f, 0xff), Buffer.alloc(20)])],
    [/frames or bits/, helloFrames(), true],
    [/an ACK of a packet that was never sent/, Buffer.of(2, 9, 0, 0, 0)],
  ]
  for (const [why, frames, reservedBits = false] of cases) {
    const server = await startUdp(t, (asked, reply) => {
      if (asked.nth === 0) reply(serverInitial(asked, frames, { reservedBits }))
    })
    const result = await probe('initial', server.port)
    t.match(result, { failure: 'protocol', why })
    t.notOk('answer' in result, 'that is no answer')
  }
})

t.test('what anyone could have sent changes nothing', async (t) => {
  const server = await startUdp(t, (asked, reply) => {
    if (asked.nth > 0) return
    // Protected with keys of another connection ID, for another client, from a server that changed its name.
    reply(serverInitial(asked, closeFrame(2), { keyId: Buffer.alloc(8) }))
    reply(serverInitial(asked, closeFrame(2), { destinationId: Buffer.alloc(8) }))
    reply(versionsPacket(asked, [QUIC_V1, QUIC_V2]))
    reply(serverInitial({ ...asked, versionNumber: QUIC_V2 }, closeFrame(2)))
    reply(serverInitial(asked, cryptoFrame(50, Buffer.alloc(1))))
    reply(serverInitial(asked, closeFrame(2), { packetNumber: 1, sourceId: Buffer.alloc(8) }))
    reply(versionsPacket(asked, [QUIC_V2]))
    reply(retryPacket(asked))
    reply(serverInitial(asked, helloFrames(), { packetNumber: 2 }))
  })
  const result = await probe('initial', server.port)
  t.match(result, { failure: undefined, answer: 'server_hello', retried: false })
  const ignored = result.notes.filter((line) => line.includes('ignored'))
  t.equal(ignored.length, 7, ignored.join('\n'))
})

t.test('an amplifier: more than three bytes for each of ours are told', async (t) => {
  const server = await startUdp(t, (asked, reply) => {
    if (asked.nth > 0) return
    reply(serverInitial(asked, helloFrames()))
    for (let i = 0; i < 10; i += 1) reply(Buffer.alloc(1200, 0xe0))
  })
  const result = await probe('initial', server.port)
  t.match(result, { failure: undefined, answer: 'server_hello' })
  t.equal(result.amplification?.sentBytes, 1200)
  t.ok((result.amplification?.receivedBytes ?? 0) > 12_000)
  t.match(result.why, /^12\d\d\d bytes came for 1200, before/)
})

const hasIpv6 = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === '::1'),
)

t.test('IPv6', { skip: hasIpv6 ? false : 'no ::1 here' }, async (t) => {
  const socket = createSocket('udp6')
  await once(socket.bind(0, '::1'), 'listening')
  const { port } = socket.address()
  await new Promise<void>((resolve) => socket.close(resolve))
  const result = await probe('initial', port, { changes: { host: '::1' } })
  t.match(result, { failure: 'refused', address: '::1' })
})

t.test('no socket is left open', async (t) => {
  const open = () => process.getActiveResourcesInfo().filter((name) => name.startsWith('UDP'))
  // The system closes them at once, Node.js forgets them one turn later.
  await until('all to be closed', () => open().length === 0, { withinMs: 5000 })
  t.strictSame(open(), [])
})
