/** The exporter's own QUIC probes in the logs of a balancer: nobody's connections, and nothing else is. */
import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import { LADDER } from '../exporter/probers/quic/ladder.ts'
import { OwnProbes } from '../exporter/probing/own-probes.ts'
import { frontDoor, literally } from './support/quic-place.ts'
import {
  helloFrames,
  openInitial,
  retryPacket,
  serverInitial,
  startUdp,
} from './support/quic-server.ts'

const WITHIN_MS = 10_000

t.test('the IDs that it makes are its own, and no two are alike', (t) => {
  const own = new OwnProbes()
  t.equal(own.isUsed, false)
  const ids = Array.from({ length: 1000 }, () => own.first())
  t.equal(own.isUsed, true)
  t.ok(
    ids.every(({ length }) => length === 16),
    'RFC 9000 §7.2: 8 to 20 bytes',
  )
  t.equal(new Set(ids.map(hex)).size, 1000)
  t.ok(ids.map(hex).every(own.isOwn))
  t.end()
})

t.test('nobody else can make one', (t) => {
  const own = new OwnProbes()
  const other = new OwnProbes()
  const bytes = (least: number, most: number) =>
    fc.uint8Array({ minLength: least, maxLength: most })
  fc.assert(fc.property(bytes(0, 24), (id) => !own.isOwn(hex(Buffer.from(id)))))
  fc.assert(
    fc.property(fc.nat({ max: 127 }), (bit) => {
      const id = own.first()
      id[bit >> 3] = (id[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      return !own.isOwn(hex(id))
    }),
  )
  fc.assert(fc.property(fc.string({ maxLength: 40 }), (text) => !own.isOwn(text)))
  t.notOk(own.isOwn(hex(other.first())), 'of another exporter')
  const id = hex(own.first())
  for (const near of [` ${id}`, `${id}\n`, `${id}00`, id.slice(0, 16), id.slice(2), `0x${id}`]) {
    t.notOk(own.isOwn(near), JSON.stringify(near.replace(id, 'ID')))
  }
  t.end()
})

t.test('the IDs of Retries: the newest, and none that is short', (t) => {
  const own = new OwnProbes()
  own.retried(Buffer.alloc(0))
  own.retried(Buffer.from('01020304050607', 'hex'))
  t.notOk(own.isOwn(''))
  t.notOk(own.isOwn('01020304050607'), 'others may be called that too')
  const ids = Array.from({ length: 600 }, () => randomBytes(18))
  for (const id of ids) own.retried(id)
  const known = ids.map(hex).map(own.isOwn)
  t.strictSame(known.indexOf(true), 88, 'the oldest are forgotten')
  t.ok(known.slice(88).every(Boolean))
  t.equal(own.saved().retryIds.length, 512)
  t.end()
})

t.test('the next process knows them, through JSON; a key that is none changes nothing', (t) => {
  const [first, second] = [new OwnProbes(), new OwnProbes()]
  const ids = [first.first(), first.first()].map(hex)
  first.retried(Buffer.from('0011223344556677', 'hex'))
  t.notOk(ids.some(second.isOwn))
  second.restore(JSON.parse(JSON.stringify(first.saved())))
  t.ok(ids.every(second.isOwn))
  t.ok(second.isOwn('0011223344556677'))
  t.equal(second.isUsed, false, 'it has made none itself')
  t.ok(first.isOwn(hex(second.first())))
  for (const key of ['', 'ab', 'not hexadecimal', `${first.saved().key}00`]) {
    second.restore({ key, retryIds: [] })
    t.ok(ids.every(second.isOwn), JSON.stringify(key.slice(0, 16)))
  }
  t.end()
})

t.test('a probe asks for one, and for that of the Retry if there is one', async (t) => {
  const own = new OwnProbes()
  const server = await startUdp(t, (asked, reply) => {
    if (openInitial(asked).token.length === 0) reply(retryPacket(asked))
    else reply(serverInitial(asked, helloFrames()))
  })
  const prober = LADDER.initial(frontDoor(server.port), { ...literally(WITHIN_MS), ids: own })
  const result = await prober(AbortSignal.timeout(WITHIN_MS), () => {})
  t.match(result, { failure: undefined, retried: true })
  const [first, second] = server.asked
  t.equal(first?.destinationId.length, 16)
  t.ok(own.isOwn(hex(first?.destinationId ?? Buffer.alloc(0))))
  t.strictSame(own.saved().retryIds, [hex(second?.destinationId ?? Buffer.alloc(0))])
  t.notOk(own.isOwn(hex(first?.sourceId ?? Buffer.alloc(0))), 'its own address stays random')
})

function hex(id: Uint8Array): string {
  return Buffer.from(id).toString('hex')
}
