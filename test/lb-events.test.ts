/** Our own format: the schema says what the reader takes, the document's lines are good, its commands work. */
import { execFileSync, spawnSync } from 'node:child_process'
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { z } from 'zod'
import { loadConfig } from '../exporter/config/load.ts'
import type { Config } from '../exporter/config/schema.ts'
import {
  LogDecoder,
  type LogDialect,
  logDialectNamed,
  logDialectOfKey,
  type RecordOutcome,
} from '../qlog-parsers/index.ts'
import { EVENT_TYPES, EVENTS } from '../qlog-parsers/lb-events/lb-events-definitions.ts'
import { ANNOUNCEABLE, SIGNALS } from '../qlog-parsers/lb-events/lb-events-signals.ts'
import { lbEventsSchema } from '../scripts/docs/lb-events-schema.ts'
import { replayPage } from '../scripts/snap/goldens.ts'
import { start } from './live/processes.ts'
import { FIXTURES } from './support/fixtures.ts'
import { nonZero, type Page, parsePage, total } from './support/page.ts'
import { Life } from './support/restarts.ts'
import { until } from './support/until.ts'

const DOC = readFileSync(new URL('../docs/lb-events.md', import.meta.url), 'utf8')
const schema = z.fromJSONSchema(JSON.parse(lbEventsSchema()))

/** The blocks of one language in the document. */
const blocks = (language: string) =>
  [...DOC.matchAll(/^```(\w+)\n(.*?)^```$/gms)].flatMap(([, name, text = '']) =>
    name === language ? [text] : [],
  )
const EXAMPLES = blocks('json').flatMap((text) => text.trimEnd().split('\n'))

/** How a line is taken by a new reader. */
function taken(line: string): RecordOutcome | undefined {
  let outcome: RecordOutcome | undefined
  const ignore = () => {}
  const decoder = new LogDecoder(
    logDialectNamed('lb-events') as LogDialect,
    { fields: {} },
    {
      log: ignore,
      quic: ignore,
      endpoint: ignore,
      became: ignore,
      line: (now) => {
        outcome = now
      },
    },
  )
  const bytes = Buffer.from(line)
  decoder.record(bytes, 0, bytes.length, true)
  return outcome
}

const isGood = (outcome: RecordOutcome | undefined) =>
  outcome?.kind === 'read' && outcome.rejectedValues === 0

/** The page of these lines. */
async function pageOf(root: string, ...lines: readonly string[]): Promise<Page> {
  const file = join(root, 'events.log')
  writeFileSync(file, lines.map((line) => `${line}\n`).join(''))
  return parsePage(await replayPage('--dialect', 'lb-events', file))
}

t.test('the schema in the repository is the one of the definitions', async (t) => {
  const file = new URL('../docs/lb-events.schema.json', import.meta.url)
  t.equal(readFileSync(file, 'utf8'), lbEventsSchema())
})

t.test('the schema accepts just the lines that the reader takes whole', async (t) => {
  const lines = ['synthetic-balancer', 'synthetic-without-hello'].flatMap((name) =>
    readFileSync(join(FIXTURES, 'lb-events', `${name}.log`), 'utf8')
      .trimEnd()
      .split('\n'),
  )
  const wrong = [
    '{"type":"hello"}',
    '{"type":"hello","events":["request.colour"]}',
    '{"type":"hello","events":"request"}',
    '{"type":"circuit_breaker","time":1,"backend":"a","event":"trip"}',
    '{"type":"circuit_breaker","time":1,"backend":"a","event":"transition","state":"ajar"}',
    '{"type":"connection","time":1,"id":7,"event":"started"}',
    '{"type":"connection","time":1,"id":"a","event":"closed","trigger":"boredom"}',
    '{"type":"migration","time":1,"outcome":"validated"}',
    '{"type":"path_validation","time":1,"outcome":"validated","duration_ms":-0.0001}',
    '{"type":"request","time":1,"protocol":"h3","attempts":[{"status":200}]}',
    '{"type":"request","time":1,"protocol":"h3","attempts":{}}',
    '{"type":"request","time":1,"protocol":"h3","response_bytes":1e300}',
    '{"type":"request","time":1,"protocol":"h3","retries":1.5}',
    '{"type":"request","time":-1,"protocol":"h3"}',
    '{"__proto__":{"type":"request"},"time":1,"protocol":"h3"}',
    '{"time":1}',
  ]
  let good = 0
  for (const line of [...lines, ...EXAMPLES, ...wrong]) {
    const { success } = schema.safeParse(JSON.parse(line))
    t.equal(success, isGood(taken(line)), line)
    good += success ? 1 : 0
  }
  t.ok(good > 40, `${good} good lines`)
})

t.test('the document has a good line of each event, and a word on each key', async (t) => {
  for (const line of EXAMPLES) t.ok(isGood(taken(line)), line)
  const types = new Set(EXAMPLES.map((line) => JSON.parse(line).type))
  t.same([...types].sort(), [...EVENT_TYPES].sort())
  for (const [type, fields] of Object.entries(EVENTS)) {
    const keys = new Set(EXAMPLES.flatMap((line) => Object.keys(JSON.parse(line))))
    for (const field of Object.keys(fields)) {
      t.ok(DOC.includes(`\`${field}\``) || keys.has(field), `${type}.${field}`)
    }
  }
  const [hello = '{}'] = EXAMPLES.filter((line) => line.includes('"hello"'))
  const announced: string[] = JSON.parse(hello).events
  for (const name of Object.keys(SIGNALS)) {
    const isThere = announced.includes(name) || name.startsWith('circuit_breaker.')
    t.ok(isThere && ANNOUNCEABLE.includes(name), name)
  }
})

t.test('what is announced is there at 0 before it happens; what is not is absent', async (t) => {
  const hello =
    '{"type":"hello","events":["request","request.aborted_by","circuit_breaker","connection"]}'
  const page = await pageOf(t.testdir({}), hello)
  for (const name of [
    'requests_total',
    'requests_aborted_total',
    'circuit_breaker_failures_total',
  ]) {
    t.equal(total(page, `quic_lb_${name}`), 0, name)
  }
  t.equal(total(page, 'quic_connections_total'), 0)
  t.notOk(page.has('quic_lb_retries_total'))
  t.notOk(page.has('quic_handshakes_failed_total'))
  t.notOk(page.has('quic_connection_migrations_total'))
  t.equal(total(page, 'quic_exporter_source_capability', { signal: 'quic_lb_requests_total' }), 1)
  t.equal(total(page, 'quic_exporter_source_capability', { signal: 'quic_lb_retries_total' }), 0)
})

t.test('hello counts although the file is read from its end on', async (t) => {
  const root = t.testdir({})
  const file = join(root, 'events.log')
  const line = (time: number) => `{"type":"request","time":${time},"protocol":"h3","status":200}\n`
  writeFileSync(
    file,
    `{"type":"hello","events":["request","request.retries"]}\n${line(1_772_618_400)}`,
  )
  const yaml = `sources: [{ name: lb, paths: [${file}], dialect: lb-events }]`
  const { config } = loadConfig({ file: 'c.yml', flags: {}, env: {}, readFile: () => yaml })
  const life = new Life(config as Config)
  await life.look()
  const before = parsePage(await life.page())
  t.equal(total(before, 'quic_lb_retries_total'), 0)
  t.equal(total(before, 'quic_lb_requests_total'), 0)
  t.equal(total(before, 'quic_exporter_records_total'), 0, 'it is not counted')
  appendFileSync(file, line(1_772_618_401))
  await life.look()
  t.equal(total(parsePage(await life.page()), 'quic_lb_requests_total'), 1)
  await life.kill()
})

t.test('without hello a signal is told from its first line on', async (t) => {
  const one = '{"type":"request","time":1772618400,"protocol":"h3","status":200}'
  const other = '{"type":"request","time":1772618401,"protocol":"h3","status":200,"retries":0}'
  t.notOk((await pageOf(t.testdir({}), one)).has('quic_lb_retries_total'))
  t.equal(total(await pageOf(t.testdir({}), one, other), 'quic_lb_retries_total'), 0)
})

t.test('a line that is refused announces nothing', async (t) => {
  const metrics = (time: number) =>
    `{"type":"connection","time":${time},"id":"c","event":"metrics","smoothed_rtt_ms":24}`
  const good = '{"type":"request","time":1772618400,"protocol":"h3"}'
  const bad = '{"type":"request","protocol":"h3","retries":0}'
  // A clock that leapt: the line moves a connection, so nothing of it is believed.
  const page = await pageOf(t.testdir({}), bad, good, metrics(1_872_618_400))
  t.same(nonZero(page, 'quic_exporter_records_failed_total'), { schema: 1, time: 1 })
  t.notOk(page.has('quic_lb_retries_total'))
  t.notOk(page.has('quic_rtt_seconds'))
  const all = [good, metrics(1_872_618_400), metrics(1_772_618_401)]
  t.equal(total(await pageOf(t.testdir({}), ...all), 'quic_rtt_seconds_count'), 1)
})

t.test('connections that are not told of do not begin because they move', async (t) => {
  const moved =
    '{"type":"migration","time":1772618400,"connection":"c1","kind":"active","outcome":"succeeded"}'
  const page = await pageOf(t.testdir({}), moved)
  t.equal(total(page, 'quic_connection_migrations_total', { kind: 'active' }), 1)
  t.notOk(page.has('quic_connections_total'))
})

t.test('every set of signals is found again by its saved name, and no other name is', async (t) => {
  const dialect = logDialectNamed('lb-events')
  t.equal(logDialectOfKey('lb-events'), dialect)
  const found = logDialectOfKey('lb-events AG')
  t.same(found?.capabilities, { requests: true, requestRetries: true })
  t.equal(logDialectOfKey('lb-events AG'), found, 'the same one')
  for (const key of [
    'lb-events GA',
    'lb-events A?',
    'lb-events ',
    'lb-events __proto__',
    'nobody A',
  ]) {
    t.equal(logDialectOfKey(key), undefined, key)
  }
})

t.test('one line shows it: the commands of the document, as they stand there', async (t) => {
  if (spawnSync('curl', ['--version']).status !== 0) {
    t.comment('there is no curl here: the commands are not tried')
    return
  }
  const root = t.testdir({})
  const file = join(root, 'events.ndjson')
  const here = (text: string) => text.replaceAll('/var/log/lb/events.ndjson', file)
  const [yaml = ''] = blocks('yaml')
  const [append = '', ask = ''] = blocks('sh')
  writeFileSync(join(root, 'config.yml'), here(yaml))
  const main = join(import.meta.dirname, '../exporter/main.ts')
  const args = [
    main,
    '--config.file',
    join(root, 'config.yml'),
    '--web.listen-address',
    '127.0.0.1:0',
  ]
  const running = start(t, { program: process.execPath, args })
  const url = await until(
    'the address that it listens on',
    () => /http:\/\/127\.0\.0\.1:\d+/.exec(running.stderr())?.[0],
    { withinMs: 20_000 },
  )
  t.ok(ask.includes('http://127.0.0.1:19114/'), 'the port is that of the defaults')
  const sh = (text: string) => execFileSync('sh', ['-c', text], { encoding: 'utf8' })
  sh(here(append))
  t.ok(existsSync(file))
  const line = 'quic_lb_requests_total{source="lb",protocol="h3",code="2xx"} 1\n'
  const asked = ask.replace('http://127.0.0.1:19114', url)
  const answer = () => {
    // grep finds nothing until the file was read.
    const { stdout } = spawnSync('sh', ['-c', asked], { encoding: 'utf8' })
    return stdout.includes(line) ? stdout : undefined
  }
  t.match(await until('the request on the page', answer, { withinMs: 20_000 }), line)
  await running.stop()
})
