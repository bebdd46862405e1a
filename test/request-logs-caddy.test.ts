/** Caddy's request log: what can be misread in it. */
import t from 'tap'
import { requestsOf, said } from './support/log-lines.ts'

const TS = 1_795_369_570.5

function access(more: object = {}, proto = 'HTTP/3.0') {
  return {
    level: 'info',
    ts: TS,
    logger: 'http.log.access.log0',
    msg: 'handled request',
    request: { proto, method: 'GET', host: 'lb.test', uri: '/' },
    duration: 0.25,
    size: 14,
    status: 200,
    ...more,
  }
}

const tried = (upstream: string | null, more: object = {}) =>
  access({ upstream, upstream_latency_ms: 1.5, upstream_retries: 0, ...more })

const check = (msg: string, host = '10.0.0.1:80', ts = TS) => ({
  level: 'info',
  ts,
  logger: 'http.handlers.reverse_proxy.health_checker.active',
  msg,
  host,
})

t.test('a line without log_append names no backend, and no variant is shown', async (t) => {
  const all = said('caddy', [access()])
  t.same(requestsOf(all), [
    {
      type: 'request',
      protocol: 'h3',
      status: 200,
      method: 'GET',
      durationUs: 250_000,
      responseBytes: 14,
    },
  ])
  t.same(all.variants, [])
  t.same(all.times, [TS * 1e6])
})

t.test('as much is told of upstreams as the keys of a line allow', async (t) => {
  const named = said('caddy', [access({ upstream: '10.0.0.1:80', upstream_retries: 2 })])
  t.same(named.variants, ['upstream'])
  t.same(requestsOf(named)[0]?.attempts, [{ backend: '10.0.0.1:80', status: 200 }])
  t.equal(requestsOf(named)[0]?.retries, undefined, 'a signal that the variant does not have')

  const all = said('caddy', [tried('10.0.0.1:80', { upstream_retries: 2 })])
  t.same(all.variants, ['tries'])
  const [request] = requestsOf(all)
  t.same(request?.attempts, [{ backend: '10.0.0.1:80', status: 200, durationUs: 1500 }])
  t.equal(request?.retries, 2)
})

t.test('what Caddy answers itself has no backend and is no lack of backends', async (t) => {
  const nothing = { upstream_latency_ms: null, upstream_retries: null }
  for (const status of [200, 503]) {
    const [request] = requestsOf(said('caddy', [tried(null, { ...nothing, status })]))
    t.equal(request?.attempts, undefined)
    t.equal(request?.withoutBackend, undefined)
  }
})

t.test('looking for a backend in vain is no retry', async (t) => {
  const vain = tried(null, { upstream_latency_ms: null, upstream_retries: 4, status: 503 })
  const [request] = requestsOf(said('caddy', [vain]))
  t.equal(request?.withoutBackend, true)
  t.equal(request?.retries, undefined)
})

t.test('a response that was broken off is no request of 0 s', async (t) => {
  const [request] = requestsOf(said('caddy', [access({ duration: 0 })]))
  t.equal(request?.durationUs, undefined)
  t.equal(request?.abortedBy, 'unknown')
  t.equal(request?.status, 200, 'as it was sent')
})

t.test('status 0 is a client that went away', async (t) => {
  const gone = tried('10.0.0.1:80', { status: 0, upstream_latency_ms: null })
  const [request] = requestsOf(said('caddy', [gone]))
  t.equal(request?.status, undefined)
  t.equal(request?.abortedBy, 'client')
  t.equal(request?.durationUs, 250_000)
  t.same(request?.attempts, [{ backend: '10.0.0.1:80' }])
})

t.test('durations and times of other formats are never taken for seconds', async (t) => {
  const all = said('caddy', [
    access({ duration: '250ms', ts: '2026-11-22T17:46:10.5Z' }),
    access({ ts: 'yesterday' }),
  ])
  t.equal(requestsOf(all)[0]?.durationUs, undefined)
  t.same(all.outcomes, [
    { kind: 'read', name: 'request', rejectedValues: 1 },
    { kind: 'rejected', reason: 'time' },
  ])
  t.same(all.times, [TS * 1e6], 'RFC 3339')
})

t.test('every way to fail a check is down, and other words of the checker are not', async (t) => {
  const all = said('caddy', [
    check('HTTP request failed'),
    check('unexpected status code'),
    check('status code out of tolerances'),
    check('failed to read response body'),
    check('response body failed expectations'),
    check('could not count active health failure'),
    check('host is up'),
    { ...check('host is up'), logger: 'http.handlers.reverse_proxy' },
    { level: 'info', ts: TS, msg: 'serving initial configuration' },
    { ts: TS },
    access({ request: 'none' }),
  ])
  t.same(
    all.events.map((event) => event.type === 'backend_reported' && event.up),
    [false, false, false, false, false, true],
  )
  t.same(
    all.outcomes.map((outcome) =>
      'name' in outcome ? outcome.name || outcome.kind : outcome.kind,
    ),
    [
      ...Array.from({ length: 5 }, () => 'health_check_failed'),
      'runtime',
      'host_is_up',
      'runtime',
      'runtime',
      'unknown',
      'rejected',
    ],
  )
  t.same(all.variants, ['health'])
})

t.test('a failed check that took nothing out does not stay for good', async (t) => {
  const failed = check('HTTP request failed')
  const later = (seconds: number) => tried('10.0.0.1:80', { ts: TS + seconds })
  const ups = (lines: readonly object[], state = {}) =>
    said('caddy', lines, state).events.flatMap((event) =>
      event.type === 'backend_reported' ? [event.up] : [],
    )
  t.same(ups([failed, later(0.1)]), [false], 'a request that had begun before says nothing')
  t.same(ups([failed, later(0.255)]), [false], 'nor one of the same moment')
  t.same(ups([failed, later(1), later(2)]), [false, true], 'a later one does, once')
  t.same(ups([failed, tried('10.0.0.2:80', { ts: TS + 1 })]), [false], 'of the same backend only')
  t.same(ups([failed, check('host is up'), later(1)]), [false, true])

  const { state } = said('caddy', [failed])
  t.notMatch(JSON.stringify(state), '10.0.0.1', 'no address is kept')
  t.same(ups([later(1)], state), [true], 'a later process knows of it')
})

t.test('as many hosts as there may be, and damaged state, are borne', async (t) => {
  const many = Array.from({ length: 1000 }, (_, n) => check('HTTP request failed', `h${n}:80`))
  const { state } = said('caddy', many)
  t.equal(Object.keys(state.reader as object).length, 256)
  for (const reader of ['x', [1], { a: 'b' }, null]) {
    t.equal(said('caddy', [tried('h1:80')], { reader }).events.length, 1)
  }
})
