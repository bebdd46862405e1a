/** Damaged contained files: what is bad costs itself, and the events behind it are found again. */
import t from 'tap'
import { event, frameDocument, pieces } from './support/documents.ts'
import { seeded } from './support/seeded.ts'

const ack = { frame_type: 'ack', acked_ranges: [[1, 2], [7]] }
const packet = (time: number) =>
  event(time, 'transport:packet_received', { frames: [ack, { data: 'aa', frame_type: 'x' }] })
const OPENING = '{"qlog_format":"JSON","traces":[{"vantage_point":{"type":"server"},"events":['
const texts = [1, 2, 3, 4].map((time) => JSON.stringify(packet(time)))
const [one = '', two = '', three = '', four = ''] = texts
const document = (...elements: readonly string[]) => `${OPENING}${elements.join(',')}]}]}`

/** The same from every way of reading it. */
function found(text: string, maxRecordBytes = 1 << 20) {
  const file = Buffer.from(text, 'latin1')
  const whole = frameDocument(file, [], { maxRecordBytes })
  // Piece by piece, one record is looked at again and again.
  const sizes = file.length > 50_000 ? [4001, 50_021] : [1, 3, 50, 199]
  for (const size of sizes) {
    for (const restarts of [0, 1]) {
      const again = frameDocument(file, pieces(size, file.length), { maxRecordBytes, restarts })
      t.same(again, whole, `in pieces of ${size}`)
    }
  }
  return { ...whole, found: whole.found.slice(1) }
}

t.test('a torn event costs itself only, wherever it is torn', (t) => {
  for (let cut = 1; cut < two.length; cut += 1) {
    const text = document(one, two.slice(0, cut), three, four)
    const { found } = frameDocument(text)
    const where = two.slice(0, cut)
    t.equal(found[1], one, where)
    t.same(found.slice(-2), [three, four], where)
    t.equal(found.length, 5, where)
    t.equal(found[2], '!json', where)
  }
  t.end()
})

t.test('what stands where an event should', (t) => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['null', [one, 'null', two]],
    ['"a string with , ] and {"', [one, '"a string with , ] and {"', two]],
    ['garbage', [one, 'garbage', two]],
    ['0 1 2', [one, '0 1 2', two]],
    ['}', [one, '}', two]],
    ['', [one, two]],
    [' \n\t', [one, two]],
    ['\0\0\0', [one, two]],
    ['\x80\xff', [one, '\x80\xff', two]],
    [']]', []],
  ]
  for (const [written, expected] of cases) {
    const result = found(document(one, written, two)).found
    if (written === ']]') t.same(result, [one], 'the list is over')
    else t.same(result, expected, JSON.stringify(written))
  }
  t.same(found(document(`${one}garbage`, two)).found, [one, 'garbage', two])
  t.same(found(`${OPENING}${one}${two}`).found, [one, two], 'no commas, no end')
  t.end()
})

t.test('brackets that do not fit', (t) => {
  t.same(found(document(one, '{"time":2,"name":"a:b","data":[}}', three)).found, [
    one,
    '!json',
    three,
  ])
  t.same(found(document(one, '[[{]]', three)).found, [one, '!json', three])
  t.same(found(document(one, '{"a"{"b":1}}', three)).found, [one, '!json', three])
  t.same(found(document(one, `{"x":"line\nend"}`, three)).found, [one, '!json', three])
  const frames = `${one.slice(0, one.indexOf('"acked_ranges"'))}`
  t.same(found(document(one, frames, three, four)).found, [one, '!json', three, four])
  t.end()
})

t.test('the file ends inside an event, or inside a string of it', (t) => {
  for (let cut = OPENING.length; cut < OPENING.length + two.length; cut += 1) {
    const { found } = frameDocument(document(two).slice(0, cut))
    const rest = two.slice(0, cut - OPENING.length)
    t.same(found.slice(1), rest === '' ? [] : [`~${rest}`])
  }
  t.end()
})

t.test('an event that is too long is dropped in constant memory, and counted', (t) => {
  const limit = 4096
  for (const filling of ['"'.padEnd(20_000, '\\"]}{[,').slice(0, 19_999), '[['.repeat(5000)]) {
    const isText = filling.startsWith('"')
    const huge = isText
      ? `{"time":2,"name":"a:b","data":{"x":${filling.replace(/\\$/, '')}"}}`
      : `{"time":2,"x":${filling}${']]'.repeat(5000)}}`
    JSON.parse(huge)
    const text = document(one, huge, three)
    const result = found(text, limit)
    t.same(result.found, [one, '!too_long', three])
    t.equal(result.dropped, huge.length)
  }
  const words = found(document(one, `"${'x'.repeat(9000)}"`, three), limit)
  t.same(words.found, [one, '!too_long', three])
  const exact = `{"time":2,"x":"${'y'.repeat(limit - 17)}"}`
  t.equal(exact.length, limit)
  t.same(found(document(one, exact, three), limit).found, [one, exact, three])
  t.same(found(document(one, exact.replace('yy', 'yyy'), three), limit).found, [
    one,
    '!too_long',
    three,
  ])
  t.end()
})

t.test('never more than one event is held, however long', (t) => {
  const limit = 4096
  const text = Buffer.from(document(one, `{"time":1,"x":"${'z'.repeat(100_000)}"}`, three))
  let held = 0
  const ends = [...pieces(1000, text.length)]
  const seen = frameDocument(text, ends, {
    maxRecordBytes: limit,
    held: (bytes) => {
      held = Math.max(held, bytes)
    },
  })
  t.same(seen.found.slice(1), [one, '!too_long', three])
  t.ok(held <= limit + 1000, `${held} bytes`)
  t.end()
})

t.test('deep nesting is one event, which nobody reads', (t) => {
  const deep = `{"time":1,"x":${'['.repeat(50_000)}${']'.repeat(50_000)}}`
  t.same(found(document(one, deep, three)).found, [one, deep, three])
  t.end()
})

t.test('a header that is too long, or damaged', (t) => {
  const long = `{"traces":[{"title":"${'x'.repeat(70_000)}","events":[${one}]}]}`
  const { found, dropped } = frameDocument(long)
  t.same(found, ['!too_long'])
  t.equal(dropped, long.length)
  t.same(frameDocument(`{"traces":[{"a":1,{"events":[${one}]}]}`).found, ['!json'])
  const second = document(one).replace(/\]\}$/, `,{"a":1,{"events":[${two}]}]}`)
  t.same(frameDocument(second).found.slice(1), [one, '!json'])
  t.end()
})

t.test('joined in the middle: nothing but whole events, and nothing twice', (t) => {
  const elements = Array.from({ length: 30 }, (_, i) =>
    i % 3 === 0
      ? `[${i},"transport","packet_sent",{"frames":[[1,2],[3,4]]}]`
      : JSON.stringify(packet(i)),
  )
  const text = Buffer.from(document(...elements))
  const wrong: number[] = []
  for (let start = OPENING.length; start < text.length; start += 1) {
    const { found } = frameDocument(text, pieces(37, text.length), { start, restarts: 2 })
    const wanted = elements.filter((_, i) => {
      const at = OPENING.length + elements.slice(0, i).join(',').length + (i === 0 ? 0 : 1)
      return at >= start
    })
    if (found.join('\n') !== wanted.join('\n')) wrong.push(start)
  }
  t.same(wrong, [], 'where reading began')
  t.end()
})

t.test('any bytes at all: no exception, the same from any pieces, everything used', (t) => {
  const random = seeded(11)
  for (let round = 0; round < 300; round += 1) {
    const late = document(...texts, ...texts).replace(/"vantage_point".*?\},/, '')
    const named = late.replace(
      /\]\}\]\}$/,
      `],"vantage_point":{"type":"client"}},{"events":[${one}]}]}`,
    )
    const bytes = Buffer.from([document(...texts, ...texts), late, named][round % 3] as string)
    for (let flips = 0; flips < 1 + random(6); flips += 1) {
      const at = random(bytes.length)
      bytes[at] = [random(256), 0x5b, 0x5d, 0x7b, 0x7d, 0x22, 0x2c, 0x5c][random(8)] as number
    }
    const whole = frameDocument(bytes, [], { maxRecordBytes: 500 })
    for (const size of [1, 13, 240]) {
      const ends = [...pieces(size, bytes.length)]
      const again = frameDocument(bytes, ends, { maxRecordBytes: 500, restarts: 1 })
      t.same(again, whole, bytes.toString('latin1'))
    }
  }
  t.end()
})
