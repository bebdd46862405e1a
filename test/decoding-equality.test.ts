/** The fast path reads a record exactly as the JSON path does, or leaves it alone. */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { JsonPath } from '../qlog-parsers/decoding/json-path.ts'
import { emptyRecord } from '../qlog-parsers/decoding/record-decoder.ts'
import { ScanPath } from '../qlog-parsers/decoding/scan-path.ts'
import { dialects } from '../qlog-parsers/index.ts'
import { fixtures } from './support/fixtures.ts'
import { seeded } from './support/seeded.ts'

const RS = String.fromCharCode(0x1e)

const fast = new ScanPath()
const reference = new JsonPath()
const fastRecord = emptyRecord()
const referenceRecord = emptyRecord()

/** Differences between both paths over one record; '' for none, undefined if the fast path left it alone. */
function compare(
  bytes: Uint8Array,
  context: { dialect: (typeof dialects)[number]; vantage: 'server' },
) {
  const outcome = fast.decode(bytes, 0, bytes.length, context, fastRecord)
  if (outcome === undefined) return undefined
  const expected = reference.decode(bytes, 0, bytes.length, context, referenceRecord)
  if (expected !== 'ok') return `fast path accepts what JSON rejects as ${expected}`
  const [a, b] = [JSON.stringify(fastRecord), JSON.stringify(referenceRecord)]
  return a === b ? '' : `${a}\n${b}`
}

/** Records of a stream without its header and separators. */
function recordsOf(path: string): Buffer[] {
  const lines = readFileSync(path).toString('latin1').split('\n')
  return lines
    .slice(1)
    .map((line) => Buffer.from(line.replace(RS, ''), 'latin1'))
    .filter((line) => line.length > 0)
}

type Known = (typeof dialects)[number]

/** Every record twice: token by token, then by the skeleton that was learnt from it. */
function differencesIn(records: readonly Uint8Array[], dialect: Known) {
  let accepted = 0
  const differences: string[] = []
  for (const record of [...records, ...records]) {
    const difference = compare(record, { dialect, vantage: 'server' })
    if (difference === '') accepted += 1
    else if (difference)
      differences.push(`${Buffer.from(record).toString('latin1')}\n${difference}`)
  }
  return { accepted, differences }
}

for (const dialect of dialects) {
  t.test(`${dialect.name}: both paths agree on every recorded record`, (t) => {
    let accepted = 0
    let possible = 0
    for (const { name, path } of fixtures().filter((one) => one.dialect === dialect.name)) {
      const records = recordsOf(path)
      const result = differencesIn(records, dialect)
      t.same(result.differences, [], name)
      accepted += result.accepted
      const known = records.filter((record) => {
        const event = /"name":"([^"]*)"/.exec(record.toString())?.[1] ?? ''
        return dialect.scans.has(event) || dialect.unread.has(event)
      })
      possible += 2 * known.length
    }
    // Some streams are short and rich in rare frames: the sum over all of them counts.
    t.ok(accepted >= 0.8 * possible, `read in place: ${accepted} of ${possible}`)
    t.end()
  })
}

const PACKET = '"name":"transport:packet_received","data":{"header":{"packet_type":"1RTT"'
const ODD: Readonly<Record<string, string>> = {
  'escapes in a value that is read': `{"time":1,${PACKET},"dcid":"\\u0061b"}}}`,
  'escapes in a value that nobody reads': `{"time":1,${PACKET},"x":"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9"}}}`,
  'a bad escape': `{"time":1,${PACKET},"x":"\\x"}}}`,
  'a cut escape': `{"time":1,${PACKET},"x":"\\u12"}}}`,
  'an escape in a key': `{"time":1,"n\\u0061me":"a",${PACKET}}}}`,
  'blanks between tokens': `{"time":1, ${PACKET} , "x": [ 1 , 2 ] } } }`,
  'blanks behind the record': `{"time":1,${PACKET}}}} \t\r`,
  'a record behind the record': `{"time":1,${PACKET}}}}{}`,
  'data before the name': `{"time":1,"data":{"header":{"packet_type":"1RTT"}},"name":"transport:packet_sent"}`,
  'time at the end': `{${PACKET}}},"time":1}`,
  'no time': `{${PACKET}}}}`,
  'two times': `{"time":1,${PACKET}}},"time":2}`,
  'two groups': `{"time":1,"group_id":"aaaa",${PACKET}}},"group_id":"bbbb"}`,
  'two names': `{"time":1,${PACKET}}},"name":"transport:packet_sent"}`,
  'two data': `{"time":1,${PACKET}}},"data":{}}`,
  'two headers': `{"time":1,${PACKET}},"header":{"packet_type":"initial"}}}`,
  'two lengths': `{"time":1,${PACKET}},"raw":{"length":1,"length":2}}}`,
  'two frame types': `{"time":1,${PACKET}},"frames":[{"frame_type":"ping","frame_type":"ack"}]}}`,
  'two closes': `{"time":1,${PACKET}},"frames":[{"frame_type":"connection_close","error_code":1,"error_code":2}]}}`,
  'a frame type at the end': `{"time":1,${PACKET}},"frames":[{"stream_id":4,"frame_type":"stream"}]}}`,
  'a stream id in an ACK': `{"time":1,${PACKET}},"frames":[{"frame_type":"ack","acked_ranges":[[1]],"stream_id":4}]}}`,
  'a range that falls': `{"time":1,${PACKET}},"frames":[{"frame_type":"ack","acked_ranges":[[2,1]]}]}}`,
  'a long range': `{"time":1,${PACKET}},"frames":[{"frame_type":"ack","acked_ranges":[[1,2,3]]}]}}`,
  'more ranges than fit': `{"time":1,${PACKET}},"frames":[{"frame_type":"ack","acked_ranges":[${'[1],'.repeat(400)}[1]]}]}}`,
  'one stream twice': `{"time":1,${PACKET}},"frames":[{"frame_type":"stream","stream_id":4},{"frame_type":"stream","stream_id":4}]}}`,
  'a fraction where a count is': `{"time":1,${PACKET},"packet_number":1.5}}}`,
  'a count with decimals': `{"time":1,${PACKET},"packet_number":1.0}}}`,
  'a long group': `{"time":1,"group_id":"${'a'.repeat(300_000)}",${PACKET}}}}`,
  'an empty group': `{"time":1,"group_id":"",${PACKET}}}}`,
  'a group that is a number': `{"time":1,"group_id":5,${PACKET}}}}`,
  'a group beyond ASCII': `{"time":1,"group_id":"\u00e9",${PACKET}}}}`,
  'an unread record, torn inside': '{"time":1,"name":"security:key_discarded","data":{"a":{"b":{}}',
  'an unread record of everything':
    '{"time":1,"name":"security:key_discarded","data":{"a":[-1,1e5,0.5,true,false,null,"","\\u00e9"],"b":{}}}',
  'an unread record without data': '{"time":1,"name":"security:key_discarded"}',
  'time beyond what is exact': `{"time":9007199254740,${PACKET}}}}`,
  'time below zero': `{"time":-1,${PACKET}}}}`,
}

t.test('odd records', (t) => {
  for (const dialect of dialects) {
    for (const [name, text] of Object.entries(ODD)) {
      const { differences } = differencesIn([Buffer.from(text)], dialect)
      t.same(differences, [], `${dialect.name}: ${name}`)
    }
  }
  t.end()
})

/** The same object with its members, and those of the objects in it, in another order. */
function shuffled(value: unknown, random: (below: number) => number): unknown {
  if (Array.isArray(value)) return value.map((one) => shuffled(one, random))
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).map((one) => ({ one, order: random(1_000_000) }))
  members.sort((a, b) => a.order - b.order)
  return Object.fromEntries(members.map(({ one: [key, inner] }) => [key, shuffled(inner, random)]))
}

t.test('any order of members', (t) => {
  const random = seeded(7)
  for (const dialect of dialects) {
    for (const { name, path } of fixtures().filter((one) => one.dialect === dialect.name)) {
      const records = recordsOf(path)
        .slice(0, 300)
        .map((record) =>
          Buffer.from(JSON.stringify(shuffled(JSON.parse(record.toString()), random))),
        )
      t.same(differencesIn(records, dialect).differences, [], name)
    }
  }
  t.end()
})

const FOREIGN = [
  '\\u006e',
  '"',
  '\\',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '0',
  '01',
  '1e3',
  '1E+1',
  '-0',
  '-1',
  '1.',
  '.5',
  'null',
  'true',
  '1e400',
  '18446744073709551615',
  '4611686018427387903',
  '"1"',
  '"x":1,',
  '"packet_number":7,',
  '"frame_type":"ack",',
  '"acked_ranges":[],',
  '"stream_id":9,',
  '{}',
  '[[2,1]]',
  '"length":3,',
  ' ',
  '\t',
  '\r',
  '\u00e9',
  '\x00',
  '"data":{},',
  '__proto__',
  ',"group_id":"ab"',
]

t.test('mutated records: the fast path never reads what JSON reads otherwise', (t) => {
  const random = seeded(20261122)
  const corpus = fixtures().flatMap(({ dialect: dialectName, path }) => {
    const dialect = dialects.find((one) => one.name === dialectName)
    if (dialect === undefined) return []
    const records = recordsOf(path).filter((record) => record.length < 600)
    return Array.from({ length: 60 }, () => ({
      dialect,
      record: records[random(records.length)] as Buffer,
    }))
  })
  let accepted = 0
  for (const { dialect, record } of corpus) {
    for (let i = 0; i < 40; i += 1) {
      const result = differencesIn([mutate(record, random)], dialect)
      accepted += result.accepted
      for (const difference of result.differences) t.fail(difference)
    }
  }
  t.ok(accepted > 1000, `accepted and equal: ${accepted} of ${corpus.length * 40}`)
  t.end()
})

function mutate(record: Buffer, random: (below: number) => number): Buffer {
  const text = record.toString('latin1')
  const at = random(text.length)
  const foreign = FOREIGN[random(FOREIGN.length)] as string
  switch (random(6)) {
    case 0:
      return Buffer.from(text.slice(0, at), 'latin1')
    case 1:
      return Buffer.from(text.slice(0, at) + foreign + text.slice(at), 'latin1')
    case 2:
      return Buffer.from(text.slice(0, at) + foreign + text.slice(at + foreign.length), 'latin1')
    case 3:
      return Buffer.from(text.slice(0, at) + text.slice(at + 1 + random(12)), 'latin1')
    case 4: {
      const members = [...text.matchAll(/"[a-z_]+":(\d+|"[^"]*")/g)]
      const one = members[random(members.length)]
      if (one === undefined) return record
      return Buffer.from(text.replace(one[0], `${one[0]},${one[0]}`), 'latin1')
    }
    default: {
      const numbers = [...text.matchAll(/\d+(\.\d+)?/g)]
      const one = numbers[random(numbers.length)]
      if (one === undefined) return record
      const value = `${random(1000)}.${random(1_000_000_000)}${random(1_000_000)}`.slice(
        0,
        4 + random(16),
      )
      return Buffer.from(
        text.slice(0, one.index) + value + text.slice((one.index ?? 0) + one[0].length),
        'latin1',
      )
    }
  }
}
