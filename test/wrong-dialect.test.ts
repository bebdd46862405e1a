/** A source that is told the wrong dialect, or none for a log that needs one: its operator hears of it, once. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { logInputOf } from '../exporter/log-input.ts'
import { createPipeline } from '../exporter/pipeline.ts'
import { SourceReader } from '../exporter/source-reader.ts'
import { dialectNamed } from '../qlog-parsers/index.ts'
import { FIXTURES } from './support/fixtures.ts'

const linesOf = (fixture: string) =>
  readFileSync(join(FIXTURES, fixture), 'utf8').split('\n').slice(0, -1)

/** What a person hears while these files are read to their end. */
function heard(dialect: string, ...files: readonly (readonly string[])[]): string[] {
  const { reader, notices } = reading(dialect)
  for (const lines of files) {
    const file = reader.open()
    file.feed(Buffer.from(lines.map((line) => `${line}\n`).join('')), true)
    file.closed()
  }
  return notices
}

/** What a person has heard when nothing follows these lines for so long. */
function silent(dialect: string, lines: readonly string[], forMs: number): string[] {
  const { reader, notices } = reading(dialect)
  const file = reader.open()
  file.feed(Buffer.from(lines.map((line) => `${line}\n`).join('')), false)
  file.silent(forMs)
  return notices
}

function reading(dialect: string) {
  const pipeline = createPipeline()
  const notices: string[] = []
  const named = dialectNamed(dialect)
  const reader = new SourceReader(
    {
      source: pipeline.metrics.owner('lb'),
      vantage: 'server',
      maxRecordBytes: 1 << 20,
      ...(named === undefined ? {} : { dialect: named }),
    },
    pipeline.table,
    pipeline.input,
    { unread: (why) => notices.push(why) },
    logInputOf({ dialect, fields: {} }, () => {}),
  )
  return { reader, notices }
}

const caddy = linesOf('caddy/lb.log')
const nginx = linesOf('nginx-json/lb.log')

t.test('lines of another proxy, rejected or unknown', async (t) => {
  t.same(heard('nginx-json', caddy, caddy), [
    'no line reads as nginx-json: is it the right dialect?',
  ])
  t.same(heard('caddy', nginx), ['no line reads as caddy: is it the right dialect?'])
})

t.test('a few lines of another proxy, and then silence', async (t) => {
  const why = 'no line reads as caddy: is it the right dialect?'
  t.same(heard('caddy', nginx.slice(0, 3)), [why])
  t.same(heard('caddy', nginx.slice(0, 2)), [], 'so few may be an accident')
  t.same(heard('caddy', [...caddy.slice(0, 1), ...nginx.slice(0, 6)]), [], 'one was made out')
  t.same(silent('caddy', nginx.slice(0, 6), 4_000), [])
  t.same(silent('caddy', nginx.slice(0, 6), 60_000), [why], 'while the file stays open')
  t.same(silent('caddy', caddy.slice(0, 6), 60_000), [])
  t.same(silent('auto', caddy.slice(0, 6), 60_000).length, 1)
})

t.test('a request log of which no dialect is named', async (t) => {
  const why = 'no qlog header: any other kind of log needs its dialect named'
  t.same(heard('auto', caddy, nginx), [why])
})

t.test('the right dialect, and some lines that are not its own', async (t) => {
  t.same(heard('caddy', caddy), [])
  t.same(heard('auto', linesOf('quic-go/clean.sqlog')), [])
  t.same(heard('caddy', [...nginx.slice(0, 19), ...caddy.slice(0, 1), ...nginx.slice(0, 19)]), [])
  t.not(heard('caddy', [...caddy.slice(0, 1), ...nginx.slice(0, 20)]).length, 0, 'one more')
})
