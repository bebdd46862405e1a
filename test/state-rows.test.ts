/** Rows of the state: what is written comes back, for every field of a connection and for any value. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import t from 'tap'
import { type Connection, newConnection } from '../exporter/connections/connection.ts'
import { connectionRow } from '../exporter/connections/connection-row.ts'
import { createPipeline } from '../exporter/pipeline.ts'
import { SourceReader } from '../exporter/source-reader.ts'
import { RowReader, RowWriter } from '../exporter/state/row.ts'
import { BatchWriter, SavedRows } from '../exporter/state/state-rows.ts'
import { fileRow, savedFile } from '../exporter/tail/file-row.ts'
import { fixtures } from './support/fixtures.ts'

const ORIGIN = {
  id: 1,
  source: 1,
  facts: { capabilities: { connection: true }, vantage: 'server' },
  joinedLate: false,
} as const

const FIRST_ROW_BYTES = 3 * 8 + 4 + 3 + 4 + 8

const whole = fc.oneof(fc.integer(), fc.maxSafeInteger(), fc.constant(2 ** 53))
const anyText = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }).map((text) => `${text}\ud800`),
)

t.test('values of every kind come back as they were', (t) => {
  const values = fc.record({
    number: whole,
    optional: fc.option(whole, { nil: undefined }),
    flag: fc.boolean(),
    big: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    text: anyText,
    optionalText: fc.option(anyText, { nil: undefined }),
    numbers: fc.array(whole),
  })
  fc.assert(
    fc.property(values, (value) => {
      const writer = new RowWriter()
      writer.number(value.number)
      writer.optional(value.optional)
      writer.flag(value.flag)
      writer.big(value.big)
      writer.text(value.text)
      writer.optionalText(value.optionalText)
      writer.numbers(value.numbers)
      const reader = new RowReader(writer.take())
      const numbers: number[] = []
      const back = {
        number: reader.number(),
        optional: reader.optional(),
        flag: reader.flag(),
        big: reader.big(),
        text: reader.text(),
        optionalText: reader.optionalText(),
        numbers,
      }
      reader.numbers(numbers)
      return reader.atEnd && JSON.stringify(back, exact) === JSON.stringify(value, exact)
    }),
  )
  t.end()
})

t.test('a cut batch is an error, never a guess', (t) => {
  const writer = new BatchWriter()
  writer.put('connection', { id: 1, name: 'abc' }, (row) => row.number(7))
  writer.put('file', { owner: 1, id: 2 }, (row) => row.text('path'))
  const batch = writer.take()
  for (let length = 1; length < batch.length; length += 1) {
    // Only between two rows is there nothing to notice: the checksum of the batch does that.
    const cut = () => new SavedRows([batch.slice(0, length)])
    if (length === FIRST_ROW_BYTES) t.doesNotThrow(cut)
    else t.throws(cut, RangeError, `${length} bytes`)
  }
  t.end()
})
t.test('the later row of the same key counts', (t) => {
  const first = new BatchWriter()
  first.put('file', { owner: 1, id: 2 }, (row) => row.number(1))
  first.put('file', { owner: 2, id: 2 }, (row) => row.number(2))
  first.put('connection', { id: 1, name: 'a' }, (row) => row.number(3))
  const second = new BatchWriter()
  second.put('file', { owner: 1, id: 2 }, (row) => row.number(4))
  second.put('file_gone', { owner: 2, id: 2 })
  second.put('connection_over', { id: 1, name: 'a' })
  const rows = new SavedRows([first.take(), second.take()])
  t.same(
    [...rows.filesOf(1)].map((row) => row.number(0)),
    [4],
  )
  t.same([...rows.filesOf(2)], [])
  t.same([...rows.connectionsOf(1)], [['a', undefined]])
  t.end()
})

t.test('every field of every connection of the recordings', (t) => {
  const seen = new Map<string, Set<string>>()
  for (const { name, path, vantage } of fixtures()) {
    const { metrics, table, input } = createPipeline()
    const options = { source: metrics.owner('qlog'), vantage, maxRecordBytes: 1 << 20 }
    const sink = new SourceReader(options as never, table, input).open()
    const content = readFileSync(path)
    let used = 0
    for (let end = 2_000; ; end += 40_000) {
      used += sink.feed(content.subarray(used, end), false)
      for (const stream of table.streams) {
        for (const connection of stream.connections.values()) {
          const back = throughRow(connection)
          t.same(back, { ...connection, silent: false, touched: false }, `${name} up to ${end}`)
          for (const [field, value] of flat(connection)) {
            const values = seen.get(field) ?? new Set<string>()
            seen.set(field, values.add(JSON.stringify(value) ?? 'undefined'))
          }
        }
      }
      if (end >= content.length) break
    }
  }
  // A field that never has a second value would not be missed if it were forgotten.
  const constant = [...seen].filter(([, values]) => values.size < 2).map(([field]) => field)
  const notSaved = ['forgotten', 'facts.capabilities', 'origin', 'silent', 'source']
  const byHand = ['joinedLate', 'loss.outstanding.handshake', 'loss.outstanding.initial']
  t.same(constant.sort(), [...notSaved, ...byHand, 'touched'].sort())
  const connection = newConnection(ORIGIN, 'group', 7)
  connection.joinedLate = true
  connection.loss.outstanding.handshake.push(1, 2)
  connection.loss.outstanding.initial.push(3)
  t.same(throughRow(connection), connection)
  t.end()
})

t.test('a change of what a row holds needs a new schema version', (t) => {
  const { metrics, table, input } = createPipeline()
  const options = { source: metrics.owner('qlog'), vantage: 'server', maxRecordBytes: 1 << 20 }
  const writer = new RowWriter()
  const open = () => new SourceReader(options as never, table, input).open()
  const sink = open()
  sink.feed(
    readFileSync(fixtures().find(({ name }) => name === 'ngtcp2/client-migrate')?.path ?? ''),
    false,
  )
  sink.state(writer)
  for (const stream of table.streams) {
    for (const connection of stream.connections.values()) connectionRow(connection, writer)
  }
  fileRow(savedFile(1, blankRow(), open), writer, open)
  const hash = createHash('sha256').update(writer.take()).digest('hex').slice(0, 12)
  t.equal(hash, 'de77285e32dd', 'if this differs, count SCHEMA up and put the new hash here')
  t.end()
})

/** A row in which every field is empty. */
function blankRow(): RowReader {
  return new RowReader(new Uint8Array(1_000))
}

function throughRow(connection: Connection): Connection {
  const writer = new RowWriter()
  connectionRow(connection, writer)
  const { origin, group, startedAt } = connection
  const back = newConnection(origin, group, startedAt)
  const reader = new RowReader(writer.take())
  connectionRow(back, reader)
  if (!reader.atEnd) throw new Error('something is left in the row')
  return back
}

/** Fields and those of the objects in them, by name. */
function flat(row: object, prefix = ''): [string, unknown][] {
  return Object.entries(row).flatMap(([key, value]): [string, unknown][] => {
    const deeper = value !== null && typeof value === 'object' && !Array.isArray(value)
    if (key === 'origin' || key === 'capabilities') return [[`${prefix}${key}`, 0]]
    return deeper ? flat(value, `${prefix}${key}.`) : [[`${prefix}${key}`, value]]
  })
}

function exact(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}n` : value
}
