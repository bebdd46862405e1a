/** Loss: declared is not real, spurious is part of declared, a lost MTU probe is neither. */
import fc from 'fast-check'
import t from 'tap'
import type { LossTrigger, PacketNumberSpace } from '../qlog-parsers/index.ts'
import { total } from './support/page.ts'
import { CLOSE, type Happening, received, Scene, sent } from './support/scene.ts'

type Space = PacketNumberSpace

const lost = (number?: number, space: Space = 'application', trigger: LossTrigger = 'unknown') =>
  ({
    type: 'packets_lost',
    count: 1,
    trigger,
    space,
    ...(number === undefined ? {} : { number }),
  }) as Happening
const ack = (ranges: readonly number[], space: Space = 'application'): Happening => ({
  type: 'ack_received',
  space,
  ranges,
})
const arrived = (number: number, space: Space = 'application'): Happening => ({
  type: 'spurious_loss',
  space,
  number,
})
const probe = (number: number, bytes: number) => sent({ number, bytes, probeOnly: true })
/** A writer whose spurious losses only ACKs show. */
const ACKS = { dialect: 'ngtcp2' }

async function figures(scene: Scene): Promise<string> {
  const page = await scene.page()
  const [declared, spurious, probes] = [
    total(page, 'quic_packets_lost_total'),
    total(page, 'quic_packets_spuriously_lost_total'),
    total(page, 'quic_mtu_probes_lost_total'),
  ]
  return `${declared} declared, ${spurious} spurious, ${probes} probes`
}

t.test('declared loss by trigger, with the count where one event means several', async (t) => {
  const scene = new Scene().at(
    0,
    lost(1, 'application', 'reordering_threshold'),
    lost(2, 'application', 'time_threshold'),
    lost(3, 'application', 'time_threshold'),
  )
  t.same(await scene.counts('quic_packets_lost_total'), {
    reordering_threshold: 1,
    time_threshold: 2,
  })
  const several = new Scene({ dialect: 'quiche' }).at(0, {
    type: 'packets_lost',
    count: 7,
    trigger: 'unknown',
  })
  t.same(await several.counts('quic_packets_lost_total'), { unknown: 7 })
})

t.test('an ACK that covers a lost number shows that it had arrived', async (t) => {
  const cases: readonly (readonly [string, Happening[], string])[] = [
    ['covered', [lost(5), ack([0, 9])], '1 declared, 1 spurious'],
    ['first of a range', [lost(5), ack([5, 9])], '1 declared, 1 spurious'],
    ['last of a range', [lost(5), ack([0, 5])], '1 declared, 1 spurious'],
    ['between ranges', [lost(5), ack([6, 9, 0, 4])], '1 declared, 0 spurious'],
    ['in the second range', [lost(5), ack([8, 9, 4, 6])], '1 declared, 1 spurious'],
    ['ranges in rising order', [lost(5), ack([4, 6, 8, 9])], '1 declared, 1 spurious'],
    ['acknowledged before it was lost', [ack([0, 9]), lost(5)], '1 declared, 0 spurious'],
    ['acknowledged twice', [lost(5), ack([5, 5]), ack([0, 9])], '1 declared, 1 spurious'],
    ['lost again', [lost(5), ack([5, 5]), lost(5), ack([5, 5])], '2 declared, 2 spurious'],
    ['two of three', [lost(7), lost(3), lost(5), ack([5, 9])], '3 declared, 2 spurious'],
    ['no range', [lost(5), ack([])], '1 declared, 0 spurious'],
    ['no number', [lost(), ack([0, 9])], '1 declared, 0 spurious'],
  ]
  for (const [what, happenings, expected] of cases) {
    t.equal(await figures(new Scene(ACKS).at(0, ...happenings)), `${expected}, 0 probes`, what)
  }
})

t.test('each packet number space has its own numbers', async (t) => {
  const spaces: readonly Space[] = ['initial', 'handshake', 'application']
  for (const one of spaces) {
    for (const other of spaces) {
      const scene = new Scene(ACKS).at(0, lost(1, one), ack([0, 9], other))
      const spurious = await scene.total('quic_packets_spuriously_lost_total')
      t.equal(spurious, one === other ? 1 : 0, `${one} lost, ${other} acknowledged`)
    }
  }
})

t.test('the newest 4,096 lost numbers are remembered, not more', async (t) => {
  const scene = new Scene(ACKS)
  for (let number = 0; number < 5_000; number += 1) scene.at(0, lost(number))
  scene.at(1, ack([0, 903]))
  t.equal(await figures(scene), '5000 declared, 0 spurious, 0 probes', 'older ones are forgotten')
  scene.at(2, ack([904, 4_999]))
  t.equal(await figures(scene), '5000 declared, 4096 spurious, 0 probes')
})

t.test("where the producer says so itself, its word counts and ACKs don't", async (t) => {
  const scene = new Scene().at(0, lost(5), lost(6), ack([0, 9]))
  t.equal(await figures(scene), '2 declared, 0 spurious, 0 probes')
  scene.at(1, arrived(5))
  t.equal(await figures(scene), '2 declared, 1 spurious, 0 probes')
})

t.test('where neither numbers nor an event exist the spurious series is absent', async (t) => {
  const scene = new Scene({ dialect: 'quiche' }).at(
    0,
    { type: 'packets_lost', count: 2, trigger: 'unknown' },
    ack([0, 9]),
  )
  t.equal(await figures(scene), '2 declared, undefined spurious, undefined probes')
})

t.test('a lost MTU probe is no loss', async (t) => {
  const data = sent({ number: 1, bytes: 1252 })
  const cases: readonly (readonly [string, Happening[], string])[] = [
    ['longer', [data, probe(2, 1253), lost(2)], '0 declared, 0 spurious, 1 probes'],
    ['as long as others', [data, probe(2, 1252), lost(2)], '1 declared, 0 spurious, 0 probes'],
    ['a short PING', [data, probe(2, 40), lost(2)], '1 declared, 0 spurious, 0 probes'],
    [
      'not only PING and PADDING',
      [data, sent({ number: 2, bytes: 1400 }), lost(2)],
      '1 declared, 0 spurious, 0 probes',
    ],
    [
      'acknowledged',
      [data, probe(2, 1400), lost(2), ack([2, 2])],
      '0 declared, 0 spurious, 1 probes',
    ],
    [
      'in another space',
      [data, probe(2, 1400), lost(2, 'initial')],
      '1 declared, 0 spurious, 0 probes',
    ],
    [
      'the MTU was told',
      [{ type: 'path_mtu', bytes: 1452 }, probe(2, 1452), lost(2)],
      '1 declared, 0 spurious, 0 probes',
    ],
    [
      'another packet of that length went through since',
      [data, probe(2, 1400), sent({ number: 3, bytes: 1400 }), probe(4, 1400), lost(4)],
      '1 declared, 0 spurious, 0 probes',
    ],
  ]
  for (const [what, happenings, expected] of cases) {
    t.equal(await figures(new Scene(ACKS).at(0, ...happenings)), expected, what)
  }
})

t.test('a lost probe that had arrived is no spurious loss either', async (t) => {
  const scene = new Scene().at(
    0,
    sent({ number: 1, bytes: 1252 }),
    probe(2, 1400),
    lost(2),
    arrived(2),
  )
  t.equal(await figures(scene), '0 declared, 0 spurious, 1 probes')
})

t.test('no path has an MTU below 1,200: a short PING is never a probe of it', async (t) => {
  const first = new Scene(ACKS).at(0, probe(1, 40), lost(1))
  t.equal(await figures(first), '1 declared, 0 spurious, 0 probes', 'the first packet of all')
  const moved = new Scene(ACKS)
    .at(0, sent({ number: 1, bytes: 1452 }), { type: 'handshake_done', direction: 'sent' })
    .at(1, { type: 'path_challenge', direction: 'sent', data: 'd' })
    .at(2, { type: 'path_response', direction: 'received', data: 'd' })
    .at(3, probe(2, 40), probe(3, 1300))
    .at(4, lost(2), lost(3))
  t.equal(await figures(moved), '1 declared, 0 spurious, 1 probes', 'on a new path')
})

t.test('spurious is a part of declared, whatever is lost and acknowledged', async (t) => {
  const space = fc.constantFrom<Space>('initial', 'handshake', 'application')
  const happening = fc.oneof(
    fc.record({ space, number: fc.nat(30) }).map((one) => lost(one.number, one.space)),
    fc
      .record({ space, first: fc.nat(30), more: fc.nat(10) })
      .map((one) => ack([one.first, one.first + one.more], one.space)),
    fc
      .record({ number: fc.nat(30), bytes: fc.nat(1500) })
      .map((one) => probe(one.number, one.bytes)),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(happening, { maxLength: 80 }), async (happenings) => {
      const page = await new Scene(ACKS).at(0, ...happenings).page()
      const declared = total(page, 'quic_packets_lost_total') as number
      const probes = total(page, 'quic_mtu_probes_lost_total') as number
      return (
        (total(page, 'quic_packets_spuriously_lost_total') as number) <= declared &&
        declared + probes === happenings.filter(({ type }) => type === 'packets_lost').length
      )
    }),
    { numRuns: 100 },
  )
  t.pass()
})

t.test(
  'loss ratio: connections that sent at least 100 numbered packets, once at their end',
  async (t) => {
    const ratio = async (packets: number, happenings: Happening[], options = ACKS as object) => {
      const scene = new Scene(options).at(0, received())
      for (let number = 0; number < packets; number += 1) scene.at(0, sent({ number, bytes: 1200 }))
      scene.at(0, sent(), ...happenings)
      t.equal(
        await scene.total('quic_connection_loss_ratio_count'),
        options === QUICHE_025 ? undefined : 0,
      )
      scene.at(1, CLOSE).at(2, lost(1))
      return [
        await scene.total('quic_connection_loss_ratio_count'),
        await scene.total('quic_connection_loss_ratio_sum'),
      ]
    }
    const QUICHE_025 = { dialect: 'quiche-legacy' }
    t.same(await ratio(99, [lost(1)]), [0, 0], '99 and one without a number')
    t.same(await ratio(100, []), [1, 0])
    t.same(await ratio(100, [lost(1), lost(2)]), [1, 0.02])
    t.same(await ratio(100, [lost(1), lost(2), ack([2, 2])]), [1, 0.01], 'without the spurious')
    t.same(await ratio(100, [lost(1), arrived(1), arrived(2)], {}), [1, 0], 'never below 0')
    t.same(await ratio(100, [lost(1)], { ...ACKS, joinedLate: true }), [0, 0], 'joined late')
    t.same(await ratio(100, [], QUICHE_025), [undefined, undefined], 'a writer that tells no loss')
  },
)

t.test('a ratio equal to a bound belongs to its bucket', async (t) => {
  const scene = new Scene(ACKS)
  for (let number = 0; number < 100; number += 1) scene.at(0, sent({ number }))
  scene.at(0, lost(1), lost(2), lost(3), lost(4), lost(5)).finish()
  t.same(await scene.observed('quic_connection_loss_ratio'), { '0.05': 1 })
})

t.test('packets lost after the end are still declared lost', async (t) => {
  const scene = new Scene(ACKS).at(0, sent({ number: 1 }), CLOSE).at(5, lost(1))
  t.equal(await figures(scene), '1 declared, 0 spurious, 0 probes')
})
