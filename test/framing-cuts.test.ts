/** Wherever a growing file is cut, the same records and the same page come out. */
import { readFileSync } from 'node:fs'
import ndjson from 'ndjson'
import t from 'tap'
import { type Fixture, fixtures } from './support/fixtures.ts'
import { frame } from './support/framing.ts'
import { readText } from './support/trace.ts'

const FIRST = 20 * 1024
const LF = 0x0a
const RS = 0x1e

/** The smallest fixture of each dialect. */
const perDialect = [
  ...fixtures()
    .map((fixture) => ({ fixture, file: readFileSync(fixture.path) }))
    .sort((a, b) => b.file.length - a.file.length)
    .reduce(
      (all, one) => all.set(one.fixture.dialect, one),
      new Map<string, { fixture: Fixture; file: Buffer }>(),
    )
    .values(),
]

for (const { fixture, file } of perDialect) {
  t.test(`${fixture.name}: framing at every cut of the first 20 KB`, async (t) => {
    const head = file.subarray(0, FIRST)
    const expected = frame(head)
    t.ok(expected.length > 20, `${expected.length} records`)
    const wanted = expected.join()
    const wrong: number[] = []
    for (let cut = 0; cut <= head.length; cut += 1) {
      if (frame(head, [cut]).join() !== wanted) wrong.push(cut)
    }
    t.same(wrong, [], 'cuts after which other records are found')
  })

  t.test(`${fixture.name}: the page in pieces of 1, 7, 4096 and 8192 bytes`, async (t) => {
    const expected = await readText([file], { vantage: fixture.vantage })
    for (const size of [1, 7, 4096, 8192]) {
      t.ok(
        (await readText([file], { vantage: fixture.vantage, pieces: [size] })) === expected,
        `pieces of ${size}`,
      )
    }
  })
}

/** All records that the `ndjson` package finds in bytes without record separators. */
async function oracle(file: Buffer): Promise<unknown[]> {
  const parser = ndjson.parse()
  parser.end(file)
  const records: unknown[] = []
  for await (const record of parser) records.push(record)
  return records
}

/** Files of one record in each line, none of them damaged. */
const ofLines = ({ path }: Fixture) => {
  const lines = readFileSync(path, 'latin1').split(String.fromCharCode(LF))
  return (
    lines.length > 1 &&
    lines.every((line) => line === '' || isJson(line.replace(String.fromCharCode(RS), '')))
  )
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

for (const { name, path } of fixtures().filter(ofLines)) {
  t.test(`${name}: the same records as the ndjson package finds`, async (t) => {
    const written = readFileSync(path)
    // It cannot read JSON text sequences: without their separators they are NDJSON.
    const plain = written.filter((byte) => byte !== RS)
    const expected = await oracle(Buffer.from(plain))
    const found = frame(written).map((one) => {
      const [start = 0, end = 0] = one.split('…').map(Number)
      return JSON.parse(written.subarray(start, end).toString())
    })
    t.equal(found.length, expected.length)
    t.equal(JSON.stringify(found), JSON.stringify(expected))
  })
}
