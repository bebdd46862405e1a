/** Contained qlog files: the header, then each event, whatever the layout and wherever reading is cut. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { event, frameDocument, pieces } from './support/documents.ts'
import { FIXTURES } from './support/fixtures.ts'

const aioquic = readFileSync(join(FIXTURES, 'aioquic/loss2.qlog'))
const SERVER = { type: 'server' }

const NASTY = [
  event(1, 'transport:packet_sent', { reason: 'quotes \\" and "]}]}" and {"time":[1,{' }),
  event(2, 'transport:packet_received', { a: [[[{ b: [{}] }]], []], '}': ']' }),
  [3, 'transport', 'packet_sent', { nested: [1, [2, '\\\\']] }],
  event(4, 'http:frame_created', { frame: { headers: [{ name: ':status', value: '200' }] } }),
  event(5, 'transport:é', { emoji: '🙂' }),
]
const file = (events: readonly unknown[], trace: object = { vantage_point: SERVER }) => ({
  qlog_format: 'JSON',
  title: 'a "traces" [{"events":[',
  traces: [{ ...trace, events }],
})
/** What is found of a file: its events as written by nobody in particular. */
const values = (found: readonly string[]) =>
  found.slice(1).map((one) => JSON.parse(Buffer.from(one, 'latin1').toString()))
const header = (found: readonly string[]) => JSON.parse((found[0] ?? '').replace('trace ', ''))

const LAYOUTS: Readonly<Record<string, string>> = {
  'one line': JSON.stringify(file(NASTY)),
  'one line with an LF': `${JSON.stringify(file(NASTY))}\n`,
  'pretty printed': JSON.stringify(file(NASTY), undefined, 2),
  'pretty printed with CRLF': JSON.stringify(file(NASTY), undefined, 2).replaceAll('\n', '\r\n'),
  'a byte order mark': `\ufeff${JSON.stringify(file(NASTY))}`,
  'blanks before it': `\n \t${JSON.stringify(file(NASTY))}`,
  'one trace that is no list': JSON.stringify({ trace: { vantage_point: SERVER, events: NASTY } }),
  'picoquic: events by line': `{ "qlog_version": "draft-00", "traces": [\n{ "vantage_point": ${JSON.stringify(SERVER)},\n"events": [\n${NASTY.map((one) => JSON.stringify(one)).join(',\n')}]}]}`,
  'a trace error before it': JSON.stringify({
    traces: [{ error_description: 'none', uri: 'x' }, ...file(NASTY).traces],
  }),
}

for (const [name, text] of Object.entries(LAYOUTS)) {
  t.test(`${name}: the same events at every cut, in any pieces, through any restarts`, (t) => {
    const bytes = Buffer.from(text)
    const { found, dropped } = frameDocument(bytes)
    t.equal(dropped, 0)
    t.same(values(found), NASTY)
    t.same(header(found).traces?.at(-1)?.vantage_point ?? header(found).trace.vantage_point, SERVER)
    const wanted = found.join('\n')
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      if (frameDocument(bytes, [cut]).found.join('\n') !== wanted) t.fail(`cut at ${cut}`)
    }
    for (const size of [1, 2, 7, 61]) {
      const some = frameDocument(bytes, pieces(size, bytes.length), { restarts: 1 })
      t.equal(some.found.join('\n'), wanted, `pieces of ${size}, each by a new framer`)
    }
    t.end()
  })
}

t.test('aioquic: the events as JSON.parse finds them, in pieces and through restarts', (t) => {
  const document = JSON.parse(aioquic.toString())
  const { found } = frameDocument(aioquic)
  t.same(values(found), document.traces[0].events)
  const wanted = found.join('\n')
  for (const size of [997, 4096, 8192, 100_000]) {
    const ends = [...pieces(size, aioquic.length)]
    t.ok(frameDocument(aioquic, ends).found.join('\n') === wanted, `pieces of ${size}`)
    const restarted = frameDocument(aioquic, ends, { restarts: 1 })
    t.ok(restarted.found.join('\n') === wanted, `restarts every ${size} bytes`)
  }
  t.end()
})

t.test('nothing but a header', (t) => {
  for (const traces of [[{ vantage_point: SERVER, events: [] }], [{ events: [], title: 'x' }]]) {
    const { found } = frameDocument(JSON.stringify({ traces }))
    t.equal(found.length, 1)
    t.same(header(found).traces[0].events, [])
  }
  t.same(frameDocument('{"traces":[]}').found, ['!schema'])
  t.same(frameDocument('{"traces":[{"vantage_point":{}}]}').found, ['!schema'])
  t.same(frameDocument('{"traces":[{"events":{"a":1}}]}').found, ['!schema'])
  t.same(frameDocument('{"qlog_format":"JSON","traces":[{"com').found, ['!truncated'])
  t.end()
})

t.test('each trace of a file begins with its header', (t) => {
  const second = [event(7), event(8)]
  const text = JSON.stringify({
    title: 'two',
    traces: [
      { vantage_point: SERVER, events: NASTY, summary: { events: [1, { events: [2] }] } },
      { vantage_point: { type: 'client' }, common_fields: { group_id: 'b' }, events: second },
      { title: 'neither events nor anything' },
      { events: [], vantage_point: SERVER },
    ],
    behind: [{ events: [event(9)] }],
  })
  const bytes = Buffer.from(text)
  const { found } = frameDocument(bytes)
  const traces = found.filter((one) => one.startsWith('trace '))
  t.equal(found.length, traces.length + NASTY.length + second.length)
  t.same(
    traces.map((one) => header([one]).traces.at(-1).vantage_point.type),
    ['server', 'client', 'server'],
  )
  t.equal(header(traces.slice(1)).traces[0].common_fields.group_id, 'b')
  for (let cut = 0; cut <= bytes.length; cut += 1) {
    const again = frameDocument(bytes, pieces(cut + 1, bytes.length), { restarts: 1 }).found
    if (again.join('\n') !== found.join('\n')) t.fail(`pieces of ${cut + 1}`)
  }
  t.end()
})

t.test('lines are still lines', (t) => {
  const lines = {
    NDJSON: '{"trace":{"vantage_point":{}}}\n{"time":1}\n',
    'a header that is torn': '{"trace":{"vanta\n{"time":1}\n{"time":2}\n',
    'a header that is torn between tokens': '{"trace":{"a":1,\n{"time":1}\n{"time":2}\n',
    'a header without its end': '{"trace":{"vantage_point":{}',
    'text sequences': '\x1e{"trace":{}}\n\x1e{"time":1}\n',
    'a document behind a record separator': '\x1e{"traces":[{"events":[{"a":1}]}]}\n',
    'no JSON': 'hello\nworld\n',
    'an empty file': '',
    blanks: '\n\n \n',
  }
  for (const [name, text] of Object.entries(lines)) {
    const expected = text
      .split('\n')
      .map((line, i, all) => (i === all.length - 1 && line.trim() !== '' ? `~${line}` : line))
      .map((line) => line.replaceAll('\x1e', ''))
      .filter((line) => line.trim() !== '')
    for (const size of [1, 5, 1000]) {
      t.same(frameDocument(text, pieces(size, text.length)).found, expected, name)
    }
  }
  t.end()
})
