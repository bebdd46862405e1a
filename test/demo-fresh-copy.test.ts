import fc from 'fast-check'
import t from 'tap'
import { freshCopy, randomId } from '../scripts/demo/fresh-copy.ts'
import { readRecordings } from '../scripts/demo/recordings.ts'
import { planWrites } from '../scripts/demo/write-plan.ts'

const recordings = readRecordings()
const startedAt = Date.UTC(2031, 1, 2, 3, 4, 5, 67)
const date = /(?<="wall_clock_time":")[^"]+/

function idIn(text: string): string {
  return /(?:"group_id":"|\bid=)([0-9a-f]+)"/.exec(text)?.[1] ?? ''
}

t.test('a copy differs in nothing but the connection id and the date', async (t) => {
  for (const { text, truth } of recordings) {
    const old = idIn(text)
    const copy = freshCopy(text, startedAt)
    t.match(copy.id, /^[0-9a-f]{36,40}$/, `${truth.path}`)
    t.equal(idIn(copy.text), copy.id, 'the header has the new id')
    t.notOk(copy.text.includes(old), 'the old id is nowhere')
    t.equal(copy.text.length, text.length)
    const oldDate = date.exec(text)?.[0] ?? ''
    t.equal(copy.text.replaceAll(copy.id, old).replace(date, oldDate), text)
  }
})

t.test('the id is replaced wherever packets carry it, not only in the header', async (t) => {
  for (const source of ['caddy', 'quiche', 'ngtcp2']) {
    const text = recordings.find(({ producer }) => producer.source === source)?.text ?? ''
    const copy = freshCopy(text, startedAt, (digits) => 'f'.repeat(digits))
    t.ok(text.split(idIn(text)).length > 2, source)
    t.equal(copy.text.split(copy.id).length, text.split(idIn(text)).length)
  }
})

t.test('the date has the digits it had', async (t) => {
  const dateAs = (old: string) =>
    freshCopy(`{"group_id":"00ff","wall_clock_time":"${old}"}\n`, startedAt).text
  t.match(dateAs('2026-11-22T18:26:29.514891645Z'), '"2031-02-02T03:04:05.067000000Z"')
  t.match(dateAs('2026-11-22T18:26:29.5Z'), '"2031-02-02T03:04:05.0Z"')
})

t.test('two copies are two connections', async (t) => {
  const text = recordings[0]?.text ?? ''
  t.not(freshCopy(text, startedAt).id, freshCopy(text, startedAt).id)
})

t.test('an id has as many digits as asked for', async (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 99 }),
      (digits) => /^[0-9a-f]*$/.test(randomId(digits)) && randomId(digits).length === digits,
    ),
  )
  t.pass()
})

t.test('a log without an id cannot be played', async (t) => {
  t.throws(() => freshCopy('{"qlog_version":"0.3"}\n', startedAt), /no connection id/)
})

t.test('the writes of a log are its bytes, in full blocks until it is closed', async (t) => {
  const someLog = fc
    .array(fc.tuple(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 300 })))
    .map((records) => {
      let time = 0
      const lines = records.map(([gap, size]) => {
        time += gap
        return `\x1e{"time":${time},"data":"${'é'.repeat(size)}"}\n`
      })
      return `\x1e{"head":1}\n${lines.join('')}`
    })
  fc.assert(
    fc.property(someLog, fc.integer({ min: 1, max: 512 }), (text, blockBytes) => {
      const writes = planWrites(text, blockBytes)
      const times = writes.map(({ atMs }) => atMs)
      const last = text.split('"time":').length > 1 ? Number(/.*"time":(\d+)/s.exec(text)?.[1]) : 0
      return (
        Buffer.concat(writes.map(({ bytes }) => bytes)).toString('latin1') === text &&
        writes.slice(0, -1).every(({ bytes }) => bytes.length === blockBytes) &&
        times.every((atMs, index) => atMs >= (times[index - 1] ?? 0)) &&
        times.at(-1) === last
      )
    }),
  )
  t.pass()
})

t.test('no byte is written before the record that it belongs to', async (t) => {
  const record = (time: number) => `\x1e{"time":${time}}\n`
  const text = [0, 1.5, 2, 40, 41].map(record).join('')
  const early = planWrites(text, 16).filter(({ atMs, bytes }) =>
    [...bytes.toString('latin1').matchAll(/"time":([\d.]+)\}/g)].some(
      ([, at]) => Number(at) > atMs,
    ),
  )
  t.same(early, [])
  t.same(
    planWrites(text, 1000).map(({ atMs, bytes }) => [atMs, bytes.length]),
    [[41, text.length]],
    'what never fills a block is written at the end',
  )
})

t.test('logs grow as their producers write them: they mostly end inside a record', async (t) => {
  for (const { text, producer, truth } of recordings) {
    const writes = planWrites(text, producer.blockBytes)
    const torn = writes.filter(({ bytes }) => bytes.at(-1) !== 0x0a)
    t.ok(torn.length >= 0.9 * (writes.length - 1), `${truth.path}`)
  }
})
