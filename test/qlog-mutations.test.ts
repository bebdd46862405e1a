/** Damaged files, whole: never a crash, never a number that cannot be, never a series more. */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { dialects } from '../qlog-parsers/index.ts'
import { fixtures } from './support/fixtures.ts'
import { mutate } from './support/mutations.ts'
import { total } from './support/page.ts'
import { recordsIn } from './support/records.ts'
import { seeded } from './support/seeded.ts'
import { fileOf, read } from './support/trace.ts'

const COMMA = Buffer.from(',')
const CLOSING = Buffer.from(']}]}')
const FILES = 60
const RECORDS = 1000

for (const dialect of dialects) {
  t.test(`${dialect.name}: ${FILES} files of ${RECORDS} mutated records each`, async (t) => {
    const random = seeded(7)
    const recordings = fixtures().filter((one) => one.dialect === dialect.name)
    const all = recordings.map(({ path }) => {
      const file = readFileSync(path)
      return { file, ...recordsIn(file) }
    })
    const events = all.flatMap((one) => one.events).filter((record) => record.length < 2000)
    const files = Array.from({ length: FILES }, () => {
      const { file, headers } = all[random(all.length)] as (typeof all)[number]
      const records = Array.from({ length: RECORDS }, () =>
        mutate(events[random(events.length)] as Buffer, random, events),
      )
      const opening = openingOf(file)
      if (opening === undefined) return fileOf(headers[0] as Buffer, ...records)
      return Buffer.concat([opening, ...records.flatMap((record) => [record, COMMA]), CLOSING])
    })
    const vantage = recordings.every(({ name }) => name.includes('client')) ? 'client' : 'server'
    const page = await read(files, { dialect, vantage })
    const values = [...page.values()].flatMap(({ samples }) => samples)
    t.same(
      values
        .filter(({ value }) => !(value >= 0) || !Number.isFinite(value))
        .map(({ line }) => line),
      [],
    )
    t.ok(values.length < 2000, `${values.length} samples`)
    t.notOk(page.has('quic_exporter_label_overflow_total'))
    const good = total(page, 'quic_exporter_events_total') as number
    // A brace too many or too few in a document takes its neighbours along.
    t.ok(good > 5000, `${good} were still good`)
    t.ok((total(page, 'quic_exporter_records_failed_total') as number) > 1000, 'and many were not')
  })
}

/** All that stands before the events of a contained file; undefined for a file of records. */
function openingOf(file: Buffer): Buffer | undefined {
  const events = file.indexOf('"events"')
  const isContained = events >= 0 && file.subarray(0, events).includes('"traces"')
  return isContained ? file.subarray(0, file.indexOf('[', events) + 1) : undefined
}
