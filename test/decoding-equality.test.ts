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

for (const { name, dialect: dialectName, path } of fixtures()) {
  const dialect = dialects.find((one) => one.name === dialectName)
  if (dialect === undefined) continue
  t.test(`${name}: both paths agree on every record`, (t) => {
    let read = 0
    let scannable = 0
    const differences: string[] = []
    for (const record of recordsOf(path)) {
      const difference = compare(record, { dialect, vantage: 'server' })
      if (difference !== undefined) read += 1
      if (difference) differences.push(`${record.toString()}\n${difference}`)
      if (dialect.scans.has(/"name":"([^"]*)"/.exec(record.toString())?.[1] ?? '')) scannable += 1
    }
    t.same(differences, [])
    if (dialect.scans.has('quic:packet_sent') || dialect.scans.has('transport:packet_sent')) {
      t.ok(read > 0.7 * scannable || scannable === 0, `read in place: ${read} of ${scannable}`)
    }
    t.end()
  })
}

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
      const mutated = mutate(record, random)
      const difference = compare(mutated, { dialect, vantage: 'server' })
      if (difference === '') accepted += 1
      if (difference) t.fail(`${mutated.toString('latin1')}\n${difference}`)
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
