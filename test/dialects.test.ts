/** Dialects: each has streams and golden pages, and is known by what it writes, not by what it declares. */
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { dialects, logDialects } from '../qlog-parsers/index.ts'
import { argumentsOf, goldenProblems, replayPage, writeGoldens } from '../scripts/snap/goldens.ts'
import { FIXTURES, type Fixture, fixtures } from './support/fixtures.ts'
import { type Page, parsePage, total } from './support/page.ts'

const LF = 0x0a
const names = [...dialects, ...logDialects].map(({ name }) => name)
const found = (page: Page) =>
  page.get('quic_exporter_source_info')?.samples.map(({ labels }) => labels.dialect ?? '')

t.test(
  'every dialect has its folder, every stream its golden page, and replay says the same',
  async (t) => {
    for (const problem of await goldenProblems(FIXTURES, names)) t.fail(problem)
    t.equal(new Set(names).size, names.length, 'no name twice')
  },
)

/** A folder of two streams with their golden pages. */
async function folder(t: Test): Promise<string> {
  const root = t.testdir({ quiche: {}, ngtcp2: {}, config: {} })
  for (const name of ['quiche/client-natrebind.sqlog', 'ngtcp2/idle-timeout.sqlog']) {
    copyFileSync(join(FIXTURES, name), join(root, name))
  }
  await writeGoldens(root)
  return root
}

t.test('what is missing is said, with what to do about it', async (t) => {
  const root = await folder(t)
  const both = ['quiche', 'ngtcp2']
  t.same(await goldenProblems(root, both), [])
  const problem = async (known: readonly string[], pattern: RegExp) => {
    const problems = await goldenProblems(root, known)
    t.equal(problems.length, 1)
    t.match(problems[0], pattern)
  }
  await problem(
    [...both, 'mvfst'],
    /^dialect mvfst has no stream: put one into test\/fixtures\/mvfst\/, then run `npm run snap`/,
  )
  await problem(['quiche'], /^ngtcp2\/: no dialect of that name is registered in qlog-parsers\//)

  const golden = join(root, 'ngtcp2/idle-timeout.prom')
  const page = readFileSync(golden, 'utf8')
  rmSync(golden)
  await problem(both, /^ngtcp2\/idle-timeout\.sqlog has no golden page: run `npm run snap`/)
  t.same(await writeGoldens(root), ['ngtcp2/idle-timeout.prom'])
  t.equal(readFileSync(golden, 'utf8'), page, 'snap writes it again')
  t.same(await writeGoldens(root), [], 'and then has nothing to do')

  writeFileSync(
    golden,
    page.replace(
      'quic_connections_total{source="qlog"} 1',
      'quic_connections_total{source="qlog"} 2',
    ),
  )
  await problem(
    both,
    /^ngtcp2\/idle-timeout\.prom is not what replay says now, first in line \d+:\n {2}golden: quic_connections_total\{source="qlog"\} 2\n {2}replay: quic_connections_total\{source="qlog"\} 1\n {2}If that is meant, run `npm run snap`/,
  )
  writeFileSync(golden, `${page}more 1\n`)
  await problem(both, /\n {2}golden: more 1\n/)
  writeFileSync(golden, page)
  copyFileSync(golden, join(root, 'ngtcp2/gone.prom'))
  await problem(both, /^ngtcp2\/gone\.prom: there is no such stream; delete the page/)
})

for (const fixture of fixtures()) {
  t.test(`${fixture.name}: found to be ${fixture.dialect}`, async (t) => {
    t.same(
      [...new Set(found(parsePage(await replayPage(...argumentsOf(fixture)))))],
      [fixture.dialect],
    )
  })
}

/** The header of a stream, as bytes before and parsed; that of one JSON document is all of it but the events. */
function openHeader({ path }: Fixture) {
  const file = readFileSync(path)
  const start = file[0] === LF + 0x14 ? 1 : 0
  const end = file.indexOf(LF)
  if (end >= 0)
    return { file, start, end, header: JSON.parse(file.subarray(start, end).toString()) }
  const { traces, ...root } = JSON.parse(file.toString())
  const { events, ...trace } = traces[0]
  return { file, start, end, header: { ...root, trace }, events }
}

/** The stream with another header, beside where it was. */
function withHeader(root: string, fixture: Fixture, header: object): string {
  const { file, start, end, events } = openHeader(fixture)
  const path = join(root, `${fixture.name}.sqlog`)
  mkdirSync(dirname(path), { recursive: true })
  const { trace, ...others } = header as { trace?: object }
  const written =
    events === undefined
      ? [file.subarray(0, start), Buffer.from(JSON.stringify(header)), file.subarray(end)]
      : [Buffer.from(JSON.stringify({ ...others, traces: [{ ...trace, events }] }))]
  writeFileSync(path, Buffer.concat(written))
  return path
}

/** The smallest server's stream of each dialect. */
const perDialect = [
  ...fixtures()
    .filter(({ vantage }) => vantage === 'server')
    .sort((a, b) => readFileSync(b.path).length - readFileSync(a.path).length)
    .reduce((all, one) => all.set(one.dialect, one), new Map<string, Fixture>())
    .values(),
]

t.test('the version that a header declares decides nothing', async (t) => {
  const declarations = perDialect.map((fixture) => {
    const { header } = openHeader(fixture)
    const { qlog_version, file_schema } = header
    return {
      by: fixture.dialect,
      qlog_version,
      file_schema,
      event_schemas: header.trace.event_schemas,
    }
  })
  const none = {
    by: 'nobody',
    qlog_version: undefined,
    file_schema: undefined,
    event_schemas: undefined,
  }
  const root = t.testdir({})
  for (const fixture of perDialect) {
    const expected = await replayPage(fixture.path)
    for (const { by, qlog_version, file_schema, event_schemas } of [...declarations, none]) {
      const { header } = openHeader(fixture)
      const trace = { ...header.trace, event_schemas }
      const path = withHeader(root, fixture, { ...header, qlog_version, file_schema, trace })
      const page = await replayPage(path)
      t.same(found(parsePage(page)), [fixture.dialect], `${fixture.name} with the version of ${by}`)
      const counts = (text: string) => text.replace(/^quic_exporter_read_bytes_total.*$/m, '')
      t.equal(counts(page), counts(expected), 'and is read as before')
    }
  }
})

t.test("a client's trace is read only if clients are asked for", async (t) => {
  const root = t.testdir({})
  for (const fixture of perDialect) {
    const { header } = openHeader(fixture)
    const trace = {
      ...header.trace,
      vantage_point: { ...header.trace.vantage_point, type: 'client' },
    }
    const path = withHeader(root, fixture, { ...header, trace })
    const byDefault = parsePage(await replayPage(path))
    t.same(
      [...byDefault.keys()].filter((name) => !name.startsWith('quic_exporter_')),
      [],
      fixture.name,
    )
    const asked = parsePage(await replayPage('--vantage', 'client', path))
    t.equal(total(asked, 'quic_connections_total'), 1)
    t.same(found(asked), [fixture.dialect])
    const server = parsePage(await replayPage('--vantage', 'client', fixture.path))
    t.notOk(server.has('quic_connections_total'), "and then a server's is not")
  }
})
