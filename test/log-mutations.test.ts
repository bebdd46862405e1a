/** Logs whose lines are damaged: never a throw, never a number that cannot be, never a series more. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { loadConfig } from '../exporter/config/load.ts'
import type { Config } from '../exporter/config/schema.ts'
import { logInputOf } from '../exporter/log-input.ts'
import { renderStore } from '../exporter/metrics/render.ts'
import { createPipeline } from '../exporter/pipeline.ts'
import { SourceReader } from '../exporter/source-reader.ts'
import {
  LogDecoder,
  type LogSettings,
  logDialectNamed,
  polledDialectNamed,
  type RecordOutcome,
} from '../qlog-parsers/index.ts'
import { FIXTURES, logFixtures } from './support/fixtures.ts'
import { mutate } from './support/mutations.ts'
import { type Page, parsePage } from './support/page.ts'
import { seeded } from './support/seeded.ts'
import { fileOf } from './support/trace.ts'

const MUTATIONS = 60_000
/** Good lines that follow a bad one each, and after how many another reader takes over. */
const PAIRS = 6000
const LIFE = 500
const LF = 0x0a

/** What the folder's configuration says of the dialect. */
function settingsOf(dialect: string): LogSettings & Pick<Config, 'backends'> {
  const file = join(FIXTURES, dialect, 'config.yml')
  if (!existsSync(file)) return { fields: {}, backends: [] }
  const readFile = (path: string) => readFileSync(path, 'utf8')
  const { config } = loadConfig({ file, flags: {}, env: {}, readFile })
  const [source] = config?.sources ?? []
  if (config === undefined || source === undefined) throw new Error(`${file} is not good`)
  return { fields: source.fields, backends: config.backends }
}

/** The lines of all its recordings. */
function linesOf(dialect: string): Buffer[] {
  return logFixtures()
    .filter((one) => one.dialect === dialect)
    .flatMap(({ path }) => {
      const file = readFileSync(path)
      const lines: Buffer[] = []
      for (let start = 0, end = file.indexOf(LF); end >= 0; end = file.indexOf(LF, start)) {
        lines.push(file.subarray(start, end))
        start = end + 1
      }
      return lines
    })
    .filter((line) => line.length < 4000)
}

/** The page after a file of these bytes. */
async function pageOf(dialect: string, file: Buffer): Promise<Page> {
  const { fields, backends } = settingsOf(dialect)
  const { metrics, table, input, tell } = createPipeline({ backends })
  const source = metrics.owner('lb')
  const log = logInputOf({ dialect, fields }, (event) => tell(source, event))
  if (log === undefined) throw new Error(`${dialect} is no log`)
  const options = { source, vantage: 'server', maxRecordBytes: 1 << 20 } as const
  const sink = new SourceReader(options, table, input, {}, log).open()
  for (let at = 0; at < file.length; )
    at += sink.feed(file.subarray(at, at + 65_536), false) || 65_536
  sink.silent(90_000)
  sink.closed()
  return parsePage(await renderStore(metrics))
}

const seriesOf = (page: Page) =>
  new Set(
    [...page.values()].flatMap(({ samples }) => samples.map(({ line }) => line.split(' ')[0])),
  )

/** How each line is taken by a reader that takes no other; a reader lives for some lines only. */
function* outcomes(dialect: string, lines: Iterable<Buffer>): Generator<RecordOutcome | undefined> {
  const { fields } = settingsOf(dialect)
  let outcome: RecordOutcome | undefined
  const open = () => {
    const known = logDialectNamed(dialect)
    if (known === undefined) throw new Error(`${dialect} is no log`)
    return new LogDecoder(
      known.configured?.({ fields }) ?? known,
      { fields },
      {
        log() {},
        quic() {},
        endpoint() {},
        line: (now) => {
          outcome = now
        },
        became() {},
      },
    )
  }
  let decoder = open()
  let age = 0
  for (const line of lines) {
    if (age === LIFE) {
      const saved = JSON.parse(JSON.stringify(decoder.state))
      decoder = open()
      decoder.resume(saved)
      age = 0
    }
    age += 1
    outcome = undefined
    decoder.record(line, 0, line.length, true)
    yield outcome
  }
}

/** Whether a line is told or only counted may depend on those before it. */
function howTaken(outcome: RecordOutcome | undefined): string {
  const kind = outcome?.kind === 'unread' ? 'read' : outcome?.kind
  return JSON.stringify({ ...outcome, kind })
}

/** Those that are tailed; answers of those that are polled have a test of their own. */
const tailed = new Set(
  logFixtures()
    .map((one) => one.dialect)
    .filter((dialect) => polledDialectNamed(dialect) === undefined),
)

for (const dialect of tailed) {
  t.test(`${dialect}: ${MUTATIONS} damaged lines`, async (t) => {
    const random = seeded(7)
    const lines = linesOf(dialect)
    const any = () => lines[random(lines.length)] as Buffer
    const bad = () => mutate(any(), random, lines)

    const page = await pageOf(dialect, fileOf(...Array.from({ length: MUTATIONS }, bad)))
    const samples = [...page.values()].flatMap((family) => family.samples)
    const isNever = ({ value }: { value: number }) => !(value >= 0) || !Number.isFinite(value)
    t.same(
      samples.filter(isNever).map(({ line }) => line),
      [],
    )
    const whole = samples.filter(({ name }) => /_(total|count|bucket)$/.test(name))
    const parts = whole.filter(
      ({ name, value }) => !/_seconds_total$/.test(name) && value % 1 !== 0,
    )
    t.same(
      parts.map(({ line }) => line),
      [],
    )
    t.notOk(page.has('quic_exporter_label_overflow_total'))
    const clean = seriesOf(await pageOf(dialect, fileOf(...lines)))
    t.ok(seriesOf(page).size < clean.size + 200, `${seriesOf(page).size} and ${clean.size} series`)

    const good = Array.from({ length: PAIRS }, any)
    const pairs = function* () {
      for (const line of good) yield* [bad(), line]
    }
    const alone = [...outcomes(dialect, good)]
    const after = [...outcomes(dialect, pairs())].filter((_, i) => i % 2 === 1)
    const differing = good.filter((_, i) => howTaken(alone[i]) !== howTaken(after[i]))
    t.same(differing.map(String), [], 'a good line after a bad one is taken as ever')
  })
}
