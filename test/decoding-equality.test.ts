/** The fast path reads a record exactly as the JSON path does, or leaves it alone. */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { JsonPath } from '../qlog-parsers/decoding/json-path.ts'
import { emptyRecord } from '../qlog-parsers/decoding/record-decoder.ts'
import { ScanPath } from '../qlog-parsers/decoding/scan-path.ts'
import { dialects } from '../qlog-parsers/index.ts'
import { PLAIN } from '../qlog-parsers/trace-shape.ts'
import { fixtures } from './support/fixtures.ts'
import { mutate, shuffled } from './support/mutations.ts'
import { recordsIn } from './support/records.ts'
import { seeded } from './support/seeded.ts'

const fast = new ScanPath()
const reference = new JsonPath()
const fastRecord = emptyRecord()
const referenceRecord = emptyRecord()

/** Differences between both paths over one record; '' for none, undefined if the fast path left it alone. */
function compare(
  bytes: Uint8Array,
  context: { dialect: (typeof dialects)[number]; vantage: 'server' },
) {
  const known = { shape: PLAIN, timeBase: 0, ...context }
  const outcome = fast.decode(bytes, 0, bytes.length, known, fastRecord)
  if (outcome === undefined) return undefined
  const expected = reference.decode(bytes, 0, bytes.length, known, referenceRecord)
  if (expected !== 'ok') return `fast path accepts what JSON rejects as ${expected}`
  const [a, b] = [JSON.stringify(fastRecord), JSON.stringify(referenceRecord)]
  return a === b ? '' : `${a}\n${b}`
}

/** Records of a stream without its header and separators. */
function recordsOf(path: string): readonly Buffer[] {
  return recordsIn(readFileSync(path)).events
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

/** Mutated records of each dialect. */
const MUTATED = 60_000

for (const dialect of dialects) {
  t.test(
    `${dialect.name}: of ${MUTATED} mutated records the fast path reads none otherwise`,
    (t) => {
      const random = seeded(20261122)
      const records = fixtures()
        .filter((one) => one.dialect === dialect.name)
        .flatMap(({ path }) => recordsOf(path))
        .filter((record) => record.length < 600)
      let accepted = 0
      for (let i = 0; i < MUTATED; i += 1) {
        const record = mutate(records[random(records.length)] as Buffer, random, records)
        const difference = compare(record, { dialect, vantage: 'server' })
        if (difference === '') accepted += 1
        else if (difference) t.fail(`${record.toString('latin1')}\n${difference}`)
      }
      if (dialect.scans.size > 0) t.ok(accepted > 1000, `accepted and equal: ${accepted}`)
      else t.pass('it has no fast path')
      t.end()
    },
  )
}
