/** `inspect` of logs that are no qlog: what is in them, what is wrong with them, what they can give. */
import { join } from 'node:path'
import ndjson from 'ndjson'
import t, { type Test } from 'tap'
import { type Ending, start } from './live/processes.ts'
import { FIXTURES } from './support/fixtures.ts'

const MAIN = join(import.meta.dirname, '../exporter/main.ts')
const log = (dialect: string, name: string) => join(FIXTURES, dialect, `${name}.log`)
const inspect = (t: Test, ...args: readonly string[]): Promise<Ending> =>
  start(t, { program: process.execPath, args: [MAIN, 'inspect', ...args] }).ended

t.test('the report on a request log', async (t) => {
  const { code, stdout, stderr } = await inspect(
    t,
    ...['--dialect', 'envoy', log('envoy', 'synthetic-requests')],
  )
  t.equal(code, 0, stderr)
  t.match(stdout, /\n {2}dialect: +envoy\n {2}producer: +Envoy/)
  t.match(stdout, /\n {2}lines: +19\n {2}by kind: +request 17\n/)
  t.match(stdout, /\n {2}time span: +2026-03-04T10:00:00\.012Z to 2026-03-04T10:00:22\.000Z\n/)
  t.match(stdout, /\n {2}requests: +h2 4, h3 9, http\/1\.1 3, other 1\n/)
  t.match(stdout, /\n {2}rejected: +json 1\n {2}bad values: +1\n {2}unknown lines: +1\n/)
  const [can = '', cannot = ''] = stdout.split('cannot be given')
  t.match(can, /^ {4}quic_lb_circuit_breaker_rejections_total$/m)
  t.match(cannot, /^ {4}quic_lb_backend_reported_up$/m)
  t.match(cannot, /^ {2}a client has moved by: +none$/m)
  t.match(cannot, /^ {2}to get more: \S/m)
  t.notMatch(stdout, /127\.0\.0\.1|10\.9\.8\.7|curl/, 'nothing that a line holds')
})

t.test('what only lines show is in the report: with and without hello', async (t) => {
  const report = async (name: string) =>
    (await inspect(t, '--dialect', 'lb-events', log('lb-events', name))).stdout
  t.match(await report('synthetic-balancer'), /can be given \(4\d\)/)
  const less = await report('synthetic-without-hello')
  t.notMatch(less.split('cannot be given')[0], /quic_connections_total/)
  t.match(less, /\n {2}by kind: +migration 1, request 3\n/)
})

t.test('the source of a configuration says what the files are', async (t) => {
  const config = join(FIXTURES, 'mapped', 'config.yml')
  const file = log('mapped', 'synthetic-requests')
  const { stdout } = await inspect(t, '--config.file', config, '--source', 'lb', file)
  t.match(stdout, /\n {2}dialect: +mapped\n/)
  t.match(stdout.split('cannot be given')[0], /quic_lb_client_rtt_seconds/)
  const other = await inspect(t, '--config.file', config, file)
  t.equal(other.code, 2, 'no source of that name')
  t.match(other.stderr, /has no source "qlog": give --source \(lb\) or --dialect/)
  const unnamed = await inspect(t, file)
  t.match(unnamed.stdout, /\n {2}dialect: +none: no qlog header \(.+ --dialect NAME\)\n/)
  const none = await inspect(t, '--config.file', '/nowhere.yml', file)
  t.equal(none.code, 2)
  t.match(none.stderr, /nowhere\.yml/)
})

t.test('--events: requests, connections by name, and what names no connection', async (t) => {
  const file = log('lb-events', 'synthetic-balancer')
  const { code, stdout } = await inspect(t, '--events', '--dialect', 'lb-events', file)
  t.equal(code, 0)
  const parser = ndjson.parse()
  parser.end(stdout)
  const events: Record<string, unknown>[] = []
  for await (const event of parser) events.push(event)
  const of = (type: string) => events.filter((event) => event.type === type)
  t.equal(of('request').length, 5)
  t.match(of('request')[0], { file, protocol: 'h3', durationUs: 12_500, clientRttUs: 24_500 })
  t.equal(of('connection_opened').length, 5)
  t.match(of('connection_opened')[0], { connection: 'c1' })
  t.same(
    of('migration').map(({ connection }) => connection),
    ['c1', undefined],
  )
  t.match(of('breaker_transition')[1], { backend: 'app-2', state: 'open' })
})

t.test('an empty log, and a path that is not there', async (t) => {
  const root = t.testdir({ 'empty.log': '' })
  const empty = await inspect(t, '--dialect', 'h2olog', join(root, 'empty.log'))
  t.match(empty.stdout, /\n {2}lines: +0\n {2}by kind: +none\n {2}requests: +none\n/)
  t.notMatch(empty.stdout, /time span|connections:/)
  const none = await inspect(t, '--dialect', 'h2olog', join(root, 'none.log'))
  t.equal(none.code, 1)
  t.match(none.stderr, /no such file/)
})
