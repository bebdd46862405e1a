/** Whose trace a contained file is, where that is written behind the events, or not at all. */
import t from 'tap'
import { event, type Found, frameDocument, pieces } from './support/documents.ts'

const ODCID = { ODCID: 'aabb' }
const late = (events: readonly unknown[], vantage: object) =>
  JSON.stringify({ traces: [{ common_fields: ODCID, events, vantage_point: vantage }] })
const vantageIn = ([header = '']: readonly Found[]) =>
  JSON.parse(Buffer.from(header.replace('trace ', ''), 'latin1').toString()).traces[0].vantage_point
const sent = event(1, 'transport:packet_sent')
const received = event(1, 'quic:udp_datagrams_received', { vantage_point: { type: 'client' } })
/** Together more than is looked ahead. */
const many = (first: object) => [
  first,
  ...Array.from({ length: 700 }, (_, i) =>
    event(i, 'transport:packet_sent', { x: 'y'.repeat(70) }),
  ),
]

/** The same, however the file grows. */
function vantageOf(text: string) {
  const whole = frameDocument(text).found
  for (const size of [1000, 4096, 70_000]) {
    for (const restarts of [0, 1]) {
      const grown = frameDocument(text, pieces(size, text.length), { restarts }).found
      t.ok(grown.join('\n') === whole.join('\n'), `in pieces of ${size}`)
    }
  }
  return vantageIn(whole)
}

t.test('behind the events, near enough to be seen: as written', (t) => {
  for (const vantage of [
    { name: 'é', type: 'client' },
    { type: 'server', more: [{}] },
  ]) {
    t.same(vantageOf(late([received, sent], vantage)), vantage)
    t.same(vantageOf(late([], vantage)), vantage)
    t.same(vantageOf(late([sent, [1, ']'], 7, 'x'], vantage)), vantage)
  }
  t.end()
})

t.test('behind more events than are looked at: who sends first is the client', (t) => {
  const vantage = { type: 'server', name: 'aioquic' }
  t.same(vantageOf(late(many(received), vantage)), { type: 'server', inferred: true })
  t.same(vantageOf(late(many(sent), vantage)), { type: 'client', inferred: true })
  t.end()
})

t.test('nowhere: inferred from the first packet or datagram, in every spelling', (t) => {
  const spelled: readonly (readonly [unknown, string | undefined])[] = [
    [event(1, 'transport:datagrams_received'), 'server'],
    [event(1, 'quic:udp_datagrams_sent'), 'client'],
    [event(1, 'packet_received'), 'server'],
    [[0, 'transport', 'datagram_received', {}], 'server'],
    [['0', 'TRANSPORT', 'PACKET_SENT', {}], 'client'],
    [event(1, 'transport:packet_lost'), undefined],
    [event(1, 'transport:packet_sent_by_nobody'), undefined],
  ]
  for (const [first, type] of spelled) {
    const text = JSON.stringify({ traces: [{ events: [event(0, 'info:message'), first] }] })
    const expected = type === undefined ? undefined : { type, inferred: true }
    t.same(vantageOf(text), expected, JSON.stringify(first))
  }
  t.end()
})

t.test('what is written before the events is never looked past', (t) => {
  for (const vantage of [{ type: 'unknown' }, { name: 'x' }, { type: 'network' }]) {
    const text = JSON.stringify({ traces: [{ vantage_point: vantage, events: [sent] }] })
    t.same(vantageOf(text), vantage)
  }
  t.end()
})

t.test('a file that grows waits for 64 KiB or its end, and for no more', (t) => {
  const text = late(many(received), { type: 'server' })
  const short = frameDocument(text.slice(0, 30_000), [10_000, 29_999])
  t.same(vantageIn(short.found), { type: 'server', inferred: true })
  const held: number[] = []
  frameDocument(text, pieces(1000, text.length), { held: (bytes) => held.push(bytes) })
  t.equal(held.filter((bytes) => bytes > 1000).length, 64, 'looks at which nothing was used')
  t.ok(Math.max(...held) <= 66_000)
  t.end()
})
