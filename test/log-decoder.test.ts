/** Logs that are no qlog: a line counts whole or not at all, and names from outside never become labels. */
import t from 'tap'
import { BackendNames } from '../exporter/collectors/backend-names.ts'
import { createPipeline } from '../exporter/pipeline.ts'
import {
  Framer,
  type LineOutcome,
  type LineOutput,
  LogDecoder,
  type LogDialect,
  type LogListener,
  methodOf,
  protocolOf,
  type RecordOutcome,
} from '../qlog-parsers/index.ts'

const text = new TextDecoder()
const US = 1_000_000

/** A log of the test's own: `T request`, `T note`, `T moves`; anything else is unknown. */
function dialect(state: { seen?: number } = {}): LogDialect {
  const read = (line: string, out: LineOutput): LineOutcome => {
    const [time = '', word] = line.split(' ')
    if (Number.isNaN(Number(time))) return { kind: 'rejected', reason: 'schema' }
    const at = Number(time) * US
    if (word === 'note') return { kind: 'unread', name: 'note', at }
    if (word === 'moves') {
      out.quic('c', { type: 'handshake_done', at, direction: 'sent' })
      return { kind: 'read', name: 'moves', at }
    }
    if (word !== 'request' && word !== 'half') return { kind: 'unknown' }
    state.seen = (state.seen ?? 0) + 1
    out.emit({ type: 'request', protocol: 'h3', status: 200 })
    if (word === 'half') return { kind: 'rejected', reason: 'schema' }
    return { kind: 'read', name: 'request', at, rejectedValues: 1 }
  }
  return {
    name: 'test',
    producers: 'a test',
    advice: 'nothing',
    capabilities: { requests: true },
    rules: { handshake: 'none', close: 'none', migration: 'none' },
    lines: ['request', 'note', 'moves'],
    open: () => ({
      read: (bytes, start, end, out) => read(text.decode(bytes.subarray(start, end)), out),
      state: () => state.seen,
      restore: (seen) => {
        state.seen = seen as number
      },
    }),
  }
}

/** Everything that a listener hears of a log. */
function hear(log: string, atEnd = false) {
  const told: string[] = []
  const outcomes: (RecordOutcome & { at?: number })[] = []
  const listener: LogListener = {
    log: (event) => told.push(event.type),
    quic: (connection, event) => told.push(`${connection} ${event.type}`),
    endpoint: (event) => told.push(event.type),
    line: (outcome, at) => outcomes.push({ ...outcome, ...(at === undefined ? {} : { at }) }),
    became: () => told.push('became'),
  }
  const decoder = new LogDecoder(dialect(), { fields: {} }, listener)
  new Framer(1000, decoder).feed(Buffer.from(log), atEnd)
  return { told, outcomes, decoder }
}

t.test('a line that turns out bad has said nothing', async (t) => {
  const { told, outcomes } = hear('1 request\n1 half\nx request\n2 request\n')
  t.same(told, ['request', 'request'])
  t.same(outcomes, [
    { kind: 'read', name: 'request', rejectedValues: 1, at: US },
    { kind: 'rejected', reason: 'schema' },
    { kind: 'rejected', reason: 'schema' },
    { kind: 'read', name: 'request', rejectedValues: 1, at: 2 * US },
  ])
})

t.test('a last line without its end may be half a line, however good it looks', async (t) => {
  const { told, outcomes } = hear('1 request\n2 request', true)
  t.same(told, ['request'])
  t.same(outcomes[1], { kind: 'rejected', reason: 'truncated' })
})

t.test('lines that nobody reads and lines that nobody knows are told apart', async (t) => {
  const { told, outcomes } = hear('1 note\n2 what\n')
  t.same(told, [])
  t.same(
    outcomes.map(({ kind }) => kind),
    ['unread', 'unknown'],
  )
})

t.test('one line with a wild clock does not make everything after it look old', async (t) => {
  const week = 7 * 86_400
  const { told, outcomes, decoder } = hear(
    `100 request\n${100 + week} request\n${200 + 9 * week} request\n${200 + week} request\n-1 request\n1e300 request\n`,
  )
  t.equal(told.length, 4, 'it counts, as it says itself when it was written')
  t.same(
    outcomes.map(({ kind, at }) => [kind, at]),
    [
      ['read', 100 * US],
      ['read', (100 + week) * US],
      ['read', undefined],
      ['read', (200 + week) * US],
      ['rejected', undefined],
      ['rejected', undefined],
    ],
  )
  t.match(decoder.state, { newestAt: (200 + week) * US })
})

t.test('a log that was quiet for more than a week goes on', async (t) => {
  const later = 100 + 30 * 86_400
  const { told, outcomes } = hear(`100 request\n${later} request\n${later + 1} request\n`)
  t.equal(told.length, 3)
  t.same(
    outcomes.map(({ at }) => at),
    [100 * US, undefined, (later + 1) * US],
  )
})

t.test('a leap of the clock moves no connection before a second line agrees', async (t) => {
  const later = 100 + 30 * 86_400
  const { told, outcomes } = hear(`100 moves\n${later} moves\n${later + 1} moves\n101 moves\n`)
  t.same(told, ['c handshake_done', 'c handshake_done', 'c handshake_done'])
  t.same(
    outcomes.map((outcome) => (outcome.kind === 'rejected' ? outcome.reason : outcome.kind)),
    ['read', 'time', 'read', 'read'],
  )
})

t.test('what a reader remembers goes on in another process', async (t) => {
  const { decoder } = hear('1 request\n2 request\n')
  const saved = JSON.parse(JSON.stringify(decoder.state))
  t.same(saved, { newestAt: 2 * US, reader: 2 })
  const state: { seen?: number } = {}
  const silent = { log() {}, quic() {}, endpoint() {}, line() {}, became() {} }
  const next = new LogDecoder(dialect(state), { fields: {} }, silent)
  next.resume(saved)
  next.record(Buffer.from('3 request'), 0, 9, true)
  t.same(next.state, { newestAt: 3 * US, reader: 3 })
})

t.test('a backend is what the configuration calls so, by any of its names', async (t) => {
  const names = new BackendNames([
    { name: 'b1', aliases: ['127.0.0.1:9001', 'app/b1', 'Moodle.Example:443'] },
    { name: 'b2', aliases: [] },
  ])
  t.same(names.labels, ['b1', 'b2', 'other'])
  for (const [written, name] of [
    ['b1', 'b1'],
    ['B2', 'b2'],
    ['127.0.0.1:9001', 'b1'],
    ['http://127.0.0.1:9001/item/80?x=http://b2/', 'b1'],
    ['https://moodle.example:443', 'b1'],
    ['app/b1', 'b1'],
    ['app/b3', 'other'],
    ['127.0.0.1:90012', 'other'],
    ['http://other/', 'other'],
    ['', 'other'],
    ['__proto__', 'other'],
    ['constructor', 'other'],
  ]) {
    t.equal(names.of(written as string), name, `${written}`)
  }
})

t.test('one gauge never stands for two backends, and says nothing before it knows', async (t) => {
  const { metrics, tell, input } = createPipeline({
    backends: [{ name: 'b1', aliases: [] }],
  })
  const source = metrics.owner('lb')
  const capabilities = {
    reportedUp: true,
    breakerTransitions: ['open'],
    breakerStates: true,
    breakerFailures: true,
  } as const
  const rules = { handshake: 'none', close: 'none', migration: 'none' } as const
  input.dialect(source, { name: 'caddy', capabilities, rules })
  const series = (name: string) => {
    const found: Record<string, number> = {}
    metrics.family(name)?.forEach((_owner, labels, slot) => {
      found[Object.values(labels).join(' ')] =
        metrics.family(name)?.slots.words(slot)[0] ?? Number.NaN
    })
    return found
  }
  t.same(series('quic_lb_backend_reported_up'), {})
  t.same(series('quic_lb_circuit_breaker_state'), {})
  t.same(series('quic_lb_circuit_breaker_transitions_total'), { 'b1 open': 0, 'other open': 0 })
  for (const backend of ['b1', 'b2', 'b3']) {
    tell(source, { type: 'backend_reported', backend, up: backend !== 'b1' })
    tell(source, { type: 'breaker_failure', backend })
  }
  tell(source, { type: 'breaker_transition', backend: 'b1', state: 'open', inForce: false })
  t.same(series('quic_lb_backend_reported_up'), { b1: 0 })
  t.same(series('quic_lb_circuit_breaker_failures_total'), { b1: 1, other: 2 })
  t.same(series('quic_lb_circuit_breaker_state'), {}, 'only its beginning was told')
  tell(source, { type: 'breaker_transition', backend: 'b1', state: 'half_open', inForce: true })
  t.same(series('quic_lb_circuit_breaker_state'), {
    'b1 closed': 0,
    'b1 half_open': 1,
    'b1 open': 0,
  })
})

t.test('protocols and methods are closed sets', async (t) => {
  t.same(
    ['HTTP/1.0', 'HTTP/1.1', 'HTTP/2.0', 'HTTP/2', 'h2c', 'HTTP/3.0', 'h3', 'hq', '', 7].map(
      protocolOf,
    ),
    ['http/1.1', 'http/1.1', 'h2', 'h2', 'h2', 'h3', 'h3', 'other', 'other', 'other'],
  )
  t.same(['GET', 'get', 'PATCH', 'PROPFIND', undefined].map(methodOf), [
    'GET',
    'other',
    'PATCH',
    'other',
    'other',
  ])
})
