/** Every byte from the network is a stranger's: nothing throws, nothing hangs, nothing grows. */
import fc from 'fast-check'
import t from 'tap'
import { converse, type Dialogue, type Step } from '../exporter/probers/quic/conversation.ts'
import { CryptoStream } from '../exporter/probers/quic/crypto-stream.ts'
import { Cursor } from '../exporter/probers/quic/cursor.ts'
import { closeFrame, cryptoFrame, initialFrames } from '../exporter/probers/quic/frames.ts'
import { InitialExchange } from '../exporter/probers/quic/initial-exchange.ts'
import { packetsOf } from '../exporter/probers/quic/long-header.ts'
import { serverHello } from '../exporter/probers/quic/server-hello.ts'
import { askVersions } from '../exporter/probers/quic/version-negotiation.ts'
import { QUIC_V1, QUIC_V2, versionOf } from '../exporter/probers/quic/versions.ts'
import { varint } from '../exporter/probers/quic/written.ts'
import {
  type Asked,
  ackFrame,
  helloFrames,
  retryPacket,
  serverHelloMessage,
  serverInitial,
  startUdp,
  versionsPacket,
} from './support/quic-server.ts'
import { SERVER_FRAMES, VECTORS } from './support/quic-vectors.ts'

const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((array) => Buffer.from(array))

/** Bytes of a real answer, with some changed, some cut off, some added. */
const damaged = (real: Buffer) =>
  fc
    .record({
      flips: fc.array(fc.tuple(fc.nat(real.length - 1), fc.nat(255)), { maxLength: 4 }),
      length: fc.oneof(fc.constant(real.length), fc.nat(real.length)),
      more: bytes(40),
    })
    .map(({ flips, length, more }) => {
      const copy = Buffer.from(real)
      for (const [at, value] of flips) copy[at] = value
      return Buffer.concat([copy.subarray(0, length), more])
    })

/** A question as a server reads it. */
function asked(datagram: Buffer): Asked {
  const cursor = new Cursor(datagram, 1)
  const versionNumber = cursor.uint(4)
  const destinationId = cursor.take(cursor.uint(1))
  const sourceId = cursor.take(cursor.uint(1))
  const from = { address: '127.0.0.1', port: 1 }
  return { datagram, versionNumber, destinationId, sourceId, from, nth: 0 }
}

function exchange(number: number): InitialExchange {
  const version = versionOf(number)
  if (version === undefined) throw new Error('not spoken')
  return new InitialExchange({ version, serverName: 'localhost', alpn: ['h3'], note: () => {} })
}

/** Frames that a hostile server could write, right and wrong ones. */
const frames = fc
  .array(
    fc.oneof(
      fc.tuple(fc.nat(20_000), bytes(60)).map(([offset, data]) => cryptoFrame(offset, data)),
      fc.array(fc.nat(1000), { minLength: 1, maxLength: 8 }).map(ackFrame),
      fc.nat(0x3fff_ffff).map(closeFrame),
      fc.nat(150).map((from) => cryptoFrame(from, serverHelloMessage().subarray(from))),
      bytes(30),
      fc.constant(Buffer.alloc(5)),
    ),
    { maxLength: 6 },
  )
  .map((all) => Buffer.concat(all))

t.test('parsers take any bytes', (t) => {
  const real = VECTORS.flatMap(({ clientPacket, serverPacket, retry }) => [
    clientPacket,
    serverPacket,
    retry,
  ])
  const any = fc.oneof(bytes(1500), ...[...real, SERVER_FRAMES].map(damaged))
  fc.assert(
    fc.property(any, (data) => {
      const packets = packetsOf(data)
      if (packets.length === 0 || packets.length > Math.min(16, Math.max(1, data.length / 7)))
        return false
      initialFrames(data)
      serverHello(data)
      const cursor = new Cursor(data)
      let turns = 0
      while (cursor.left > 0) {
        cursor.varint()
        turns += 1
      }
      return turns <= data.length
    }),
    { numRuns: 3000 },
  )
  t.pass()
  t.end()
})

for (const version of [QUIC_V1, QUIC_V2]) {
  t.test(`a handshake takes any datagrams, version 0x${version.toString(16)}`, (t) => {
    const answers = fc.oneof(
      bytes(1500),
      fc.record({ frames, packetNumber: fc.nat(0xffff_ffff), reservedBits: fc.boolean() }),
      fc.constantFrom('versions', 'retry', 'hello'),
    )
    const step = fc.tuple(answers, fc.infiniteStream(fc.nat(255)), fc.nat(3))
    const types = new Set<Step['type']>()
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), (steps) => {
        const dialogue = exchange(version)
        let question = asked(dialogue.ask()[0] ?? Buffer.alloc(0))
        for (const [answer, values, changes] of steps) {
          const datagram = Buffer.from(written(answer, question))
          for (let i = 0; i < changes && datagram.length > 0; i += 1) {
            const [at = 0, value = 0] = [values.next().value, values.next().value]
            datagram[at % datagram.length] = value
          }
          const heard = dialogue.hear(datagram)
          types.add(heard.type)
          if (heard.type === 'ask') question = asked(dialogue.ask()[0] ?? Buffer.alloc(0))
          if (heard.type === 'decided' && !heard.lingers) break
        }
        return isTidy(dialogue)
      }),
      { numRuns: 1500 },
    )
    t.strictSame([...types].sort(), ['ask', 'decided', 'ignored', 'more'], 'all of it was tried')
    t.end()
  })
}

/** What can be told and said at any time: bounded, and nothing but numbers, words of ours. */
function isTidy(dialogue: Dialogue): boolean {
  const { why = '', amplification } = dialogue.facts()
  const lastWords = dialogue.leave()
  return (
    why.length < 200 &&
    (amplification?.sentBytes ?? 0) >= 0 &&
    lastWords.length <= 1 &&
    lastWords.every(({ length }) => length === 1200)
  )
}

type Answer =
  | Buffer
  | 'versions'
  | 'retry'
  | 'hello'
  | { readonly frames: Buffer; readonly packetNumber: number; readonly reservedBits: boolean }

function written(answer: Answer, question: Asked): Buffer {
  if (answer === 'versions') return versionsPacket(question, [QUIC_V1, QUIC_V2, 7])
  if (answer === 'retry') return retryPacket(question)
  if (answer === 'hello') return serverInitial(question, helloFrames())
  if (Buffer.isBuffer(answer)) return answer
  return serverInitial(question, answer.frames, answer)
}

t.test('a question of versions takes any datagram', (t) => {
  fc.assert(
    fc.property(bytes(100), fc.array(fc.nat(0xffff_ffff), { maxLength: 50 }), (tail, list) => {
      const dialogue = askVersions()
      const question = asked(dialogue.ask()[0] ?? Buffer.alloc(0))
      dialogue.hear(tail)
      const step = dialogue.hear(Buffer.concat([versionsPacket(question, list), tail]))
      if (step.type !== 'decided') return false
      const isWhole = (4 * list.length + tail.length) % 4 === 0 && 4 * list.length + tail.length > 0
      return isWhole || step.verdict.failure === 'protocol'
    }),
  )
  t.pass()
  t.end()
})

t.test('connection IDs: none, the longest, longer than the datagram', (t) => {
  const header = (version: number, ...ids: readonly Buffer[]) => {
    const number = Buffer.alloc(4)
    number.writeUInt32BE(version)
    return Buffer.concat([
      Buffer.of(0xc0),
      number,
      ...ids.flatMap((id) => [Buffer.of(id.length), id]),
      Buffer.from('0000', 'hex'),
    ])
  }
  const id = (length: number) => Buffer.alloc(length, 7)
  const typeOf = (datagram: Buffer) => packetsOf(datagram)[0]?.type
  t.equal(typeOf(header(QUIC_V1, id(0), id(0))), 'initial')
  t.equal(typeOf(header(QUIC_V1, id(20), id(20))), 'initial')
  t.equal(typeOf(header(QUIC_V1, id(21), id(0))), 'malformed')
  t.equal(typeOf(header(QUIC_V1, id(0), id(21))), 'malformed')
  t.equal(typeOf(header(7, id(255), id(255))), 'foreign', 'RFC 8999 knows no such limit')
  t.equal(typeOf(header(0, id(255), id(255))), 'version_negotiation')
  t.equal(typeOf(header(QUIC_V1, id(20), id(20)).subarray(0, 30)), 'malformed')
  t.equal(typeOf(Buffer.from('c000000001ff', 'hex')), 'malformed')
  t.equal(typeOf(Buffer.alloc(0)), 'malformed')
  t.equal(typeOf(Buffer.of(0x40)), 'short')
  t.end()
})

t.test('varints: every length, cut off, larger than any number', (t) => {
  const read = (text: string) => {
    const cursor = new Cursor(Buffer.from(text, 'hex'))
    return [cursor.varint(), cursor.isOver]
  }
  // RFC 9000 §A.1.
  t.strictSame(read('c2197c5eff14e88c'), [Number(151_288_809_941_952_652n), false])
  t.strictSame(read('9d7f3e7d'), [494_878_333, false])
  t.strictSame(read('7bbd'), [15_293, false])
  t.strictSame(read('4025'), [37, false])
  t.strictSame(read('ffffffffffffffff'), [2 ** 62, false])
  for (const cut of ['', '40', '9d7f3e', 'c2197c5eff14e8']) t.strictSame(read(cut), [0, true])
  fc.assert(
    fc.property(fc.maxSafeNat(), (value) => {
      const cursor = new Cursor(varint(value))
      return cursor.varint() === value && cursor.left === 0 && !cursor.isOver
    }),
  )
  t.end()
})

t.test('a stream of pieces: the same in any order; memory has an end', (t) => {
  const piece = fc.tuple(fc.nat(300), fc.nat(80))
  const whole = Buffer.from(Array.from({ length: 400 }, (_, index) => index % 251))
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      const stream = new CryptoStream()
      const isThere = new Set<number>()
      for (const [from, length] of pieces) {
        if (!stream.add(from, whole.subarray(from, from + length))) return false
        for (let at = from; at < from + length; at += 1) isThere.add(at)
      }
      let end = 0
      while (isThere.has(end)) end += 1
      return stream.whole.equals(whole.subarray(0, end))
    }),
  )
  const stream = new CryptoStream()
  t.notOk(stream.add(2 ** 62, Buffer.of(1)))
  t.notOk(stream.add(16_384, Buffer.of(1)))
  t.ok(stream.add(16_383, Buffer.of(1)))
  t.equal(stream.whole.length, 0)
  t.notOk(
    Array.from({ length: 100 }, (_, index) => stream.add(2 * index, Buffer.of(1))).every(Boolean),
    'every second byte',
  )
  t.end()
})

t.test('a datagram of many small packets costs no more than some', (t) => {
  const question = asked(exchange(QUIC_V1).ask()[0] ?? Buffer.alloc(0))
  const small = serverInitial(question, Buffer.alloc(4))
  t.equal(packetsOf(Buffer.concat(Array(1000).fill(small))).length, 16)
  t.end()
})

t.test('a fault of ours is a result, and no exception', async (t) => {
  const server = await startUdp(t, (_asked, reply) => reply(Buffer.of(1)))
  const broken = () => {
    throw new Error('a fault')
  }
  const sound: Dialogue = {
    ask: () => [Buffer.of(1)],
    hear: () => ({ type: 'decided', verdict: { failure: undefined }, lingers: false }),
    facts: () => ({}),
    leave: () => [],
  }
  const place = { address: '127.0.0.1', family: 4, port: server.port, firstWaitMs: 1000 } as const
  const talk = (changes: Partial<Dialogue>) => {
    const [signal, note] = [AbortSignal.timeout(5000), () => {}]
    return converse({ ...sound, ...changes }, { ...place, signal, note })
  }
  t.match(await talk({ ask: broken }), { verdict: { failure: 'other', why: /a fault/ } })
  t.match(await talk({ hear: broken }), { verdict: { failure: 'other', why: /a fault/ } })
  t.match(await talk({ leave: broken }), { verdict: { failure: undefined } })
})

t.test('an ACK of any packets is read back as one of the largest', (t) => {
  fc.assert(
    fc.property(fc.array(fc.maxSafeNat(), { minLength: 1, maxLength: 30 }), (numbers) => {
      const [frame, ...more] = initialFrames(ackFrame(numbers)) ?? []
      return frame?.type === 'ack' && frame.largest === Math.max(...numbers) && more.length === 0
    }),
  )
  t.end()
})
