/** nginx's error log: what it says of moves and upstreams, whatever else is written between. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { replayPage } from '../scripts/snap/goldens.ts'
import { FIXTURES } from './support/fixtures.ts'
import {
  BEHIND,
  ErrorLogReader,
  line,
  migrated,
  refused,
  restored,
  validated,
} from './support/nginx-error-log.ts'
import { parsePage, total } from './support/page.ts'

const FOLDER = join(FIXTURES, 'nginx-error-log')
const CASES = ['rebind', 'pathval-fails', 'client-migrate', 'lb', 'debug'] as const
const linesOf = (name: string) =>
  readFileSync(join(FOLDER, `${name}.log`), 'latin1')
    .split('\n')
    .slice(0, -1)
const read = (...lines: readonly string[]) => new ErrorLogReader().feed(...lines)
async function page(name: string) {
  const file = join(FOLDER, `${name}.log`)
  const config = join(FOLDER, 'config.yml')
  return parsePage(await replayPage('--config.file', config, '--source', 'lb', file))
}

t.test('three moves with six validations are three moves', async (t) => {
  const rebind = await page('rebind')
  t.equal(total(rebind, 'quic_connection_migrations_total', { kind: 'unknown' }), 3)
  t.equal(total(rebind, 'quic_connection_migrations_failed_total'), 0)
  t.equal(total(rebind, 'quic_path_validations_total'), 3, 'not those of the paths that were left')
  t.equal(total(rebind, 'quic_path_validations_failed_total'), 0)
  t.notOk(rebind.has('quic_path_validation_duration_seconds'), 'a second is too coarse')
  t.notOk(rebind.has('quic_connections_total'), 'connections are not told at this level')
})

t.test('nginx tries a dead path again and again: the client moved once', async (t) => {
  const fails = await page('pathval-fails')
  t.equal(total(fails, 'quic_connection_migrations_total'), 1)
  t.equal(total(fails, 'quic_connection_migrations_failed_total'), 1)
  t.equal(total(fails, 'quic_path_validations_total'), 2)
  t.equal(total(fails, 'quic_path_validations_failed_total'), 2)
})

t.test('a move of which nothing more is heard counts, after a minute or at the end', async (t) => {
  t.equal(total(await page('client-migrate'), 'quic_connection_migrations_total'), 1)
  const other = (second: number) =>
    line(second, '7*9', 'client 127.0.0.1 closed keepalive connection')
  const reader = read(migrated(0, '7*1', 1), other(60))
  t.same(reader.events, {}, 'it may still be validated')
  t.same(reader.feed(other(61)).events, { migration: 1 }, 'told by the time of other lines')
  t.same(reader.feed(validated(62, '7*1', 1)).events, { migration: 1 }, 'and only once')
  const quiet = read(migrated(0, '7*1', 1)).silentFor(60)
  t.same(quiet.events, {})
  t.same(quiet.silentFor(61).ended().events, { migration: 1 }, 'or by silence')
})

t.test(
  'a move that the next one overtakes is a move too, but none within a failing run',
  async (t) => {
    const two = read(migrated(0, '7*1', 1), migrated(1, '7*1', 2), validated(1, '7*1', 2))
    t.same(two.events, { migration: 2, path_validated: 1 })
    const failing = read(
      ...[
        migrated(0, '7*1', 1),
        restored(7, '7*1', 0),
        migrated(7, '7*1', 2),
        migrated(9, '7*1', 3),
      ],
      restored(16, '7*1', 0),
    )
    t.same(failing.events, { 'migration failed': 1, path_validation_failed: 2 })
    failing.feed(migrated(17, '7*1', 4), validated(17, '7*1', 4), migrated(20, '7*1', 5))
    t.same(failing.feed(restored(27, '7*1', 4)).events, {
      migration: 1,
      'migration failed': 2,
      path_validated: 1,
      path_validation_failed: 3,
    })
  },
)

t.test('a client that goes back to a path that nginx knows needs no validation', async (t) => {
  const back = read(migrated(0, '7*1', 1), validated(0, '7*1', 1), migrated(5, '7*1', 0))
  t.same(back.events, { migration: 2, path_validated: 1 }, 'told at once')
  t.same(back.feed(validated(5, '7*1', 1)).ended().events, { migration: 2, path_validated: 1 })
})

t.test('a refused move is one, however many packets are refused', async (t) => {
  const many = read(...Array.from({ length: 500 }, (_, i) => refused(i / 50, '7*1')))
  t.same(many.events, { 'migration failed': 1 })
  t.equal(many.heard['line path_refused'], 500)
  t.same(many.feed(refused(10, '7*2')).events, { 'migration failed': 2 }, 'another connection')
  t.same(many.feed(refused(75, '7*1')).events, { 'migration failed': 3 }, 'another move')
})

t.test('what is restored or validated without a move that we saw counts as nothing', async (t) => {
  t.same(read(validated(0, '7*1', 3), restored(1, '7*1', 0)).ended().events, {})
})

t.test('two workers have connections of the same number', async (t) => {
  const both = read(
    ...[migrated(0, '7*1', 1), migrated(0, '8*1', 1), validated(0, '8*1', 1)],
    restored(7, '7*1', 0),
  )
  t.same(both.events, {
    migration: 1,
    'migration failed': 1,
    path_validated: 1,
    path_validation_failed: 1,
  })
})

t.test('kill -9 at any line changes no count', async (t) => {
  for (const name of CASES) {
    const lines = linesOf(name)
    const { heard } = read(...lines).ended()
    const reader = new ErrorLogReader()
    for (const one of lines) reader.feed(one).killed()
    t.same(reader.ended().heard, heard, name)
  }
})

t.test('connections interleaved line by line count as each alone', async (t) => {
  const lines = ['rebind', 'pathval-fails'].map(linesOf)
  const mixed = Array.from({ length: 9 }, (_, i) => lines.flatMap((all) => all.slice(i, i + 1)))
  t.same(read(...mixed.flat()).ended().events, {
    migration: 3,
    'migration failed': 1,
    path_validated: 3,
    path_validation_failed: 2,
  })
})

t.test('upstreams fail as often as the request log of the same run says', async (t) => {
  const lb = await page('lb')
  const of = (name: string) =>
    Object.fromEntries(
      ['b1', 'b2', 'b3', 'other'].map((backend) => [backend, total(lb, name, { backend })]),
    )
  t.same(of('quic_lb_circuit_breaker_failures_total'), { b1: 2, b2: 3, b3: 2, other: 0 })
  t.same(of('quic_lb_circuit_breaker_transitions_total'), { b1: 1, b2: 2, b3: 1, other: 0 })
  t.notOk(lb.has('quic_lb_circuit_breaker_state'), 'when it closes is not told')
  t.equal(total(lb, 'quic_exporter_events_total', { event: 'no_live_upstreams' }), 83)
  t.notMatch(await replayPage('--dialect', 'nginx-error-log', join(FOLDER, 'lb.log')), /item|9002/)
})

const upstream = (message: string, action: string, url: string, request = 'GET / HTTP/3.0') =>
  line(
    0,
    '7*1',
    `${message} while ${action}, client: 127.0.0.1, server: lb.test, request: "${request}", upstream: "${url}", host: "lb.test"`,
    'error',
  )

t.test('only what the breaker of nginx counts is a failure of the upstream', async (t) => {
  const failed = (line: string) => read(line).events
  const b1 = 'http://127.0.0.1:9001/a/b'
  for (const [message, action] of [
    ['connect() failed (111: Connection refused)', 'connecting to upstream'],
    ['upstream timed out (110: Connection timed out)', 'reading response header from upstream'],
    ['upstream prematurely closed connection', 'reading response header from upstream'],
    ['recv() failed (104: Connection reset by peer)', 'reading response header from upstream'],
    ['SSL_do_handshake() failed (SSL: error:0A000086)', 'SSL handshaking to upstream'],
  ] as const) {
    t.same(failed(upstream(message, action, b1)), { 'breaker_failure 127.0.0.1:9001': 1 }, message)
  }
  t.same(failed(upstream('upstream prematurely closed connection', 'reading upstream', b1)), {})
  t.same(failed(upstream('upstream timed out (110: x)', 'reading upstream', b1)), {})
  t.same(failed(upstream('recv() failed (104: x)', 'reading client request line', b1)), {})
})

t.test('an upstream is called by its address, whatever the URL around it', async (t) => {
  const named = (url: string) =>
    Object.keys(read(upstream('connect() failed', 'connecting to upstream', url)).events)
  t.same(named('https://[::1]:9001/x?y=http://z/'), ['breaker_failure [::1]:9001'])
  t.same(named('http://unix:/run/app.sock:/x:y/"'), ['breaker_failure unix:/run/app.sock'])
  t.same(named('127.0.0.1:9001'), ['breaker_failure 127.0.0.1:9001'])
  t.same(named('fastcgi://127.0.0.1:9000'), ['breaker_failure 127.0.0.1:9000'])
  const long = upstream(
    'connect() failed',
    'connecting to upstream',
    'http://a',
    `GET /${'x'.repeat(3000)} HTTP/3.0`,
  )
  t.same(read(long.slice(0, 2047)).events, { 'breaker_failure ': 1 }, 'cut before the address')
})

t.test('a request that reads like a log line says nothing', async (t) => {
  const forged = `${migrated(0, '7*1', 1)}`
  const words = [
    forged,
    'connect()%20failed", upstream: "http://evil/',
    'x",upstream:"http://evil/',
    'quic migrated to path seq:1 addr:1',
  ]
  for (const word of words) {
    t.same(
      read(line(0, '7*1', `client sent invalid :path header: "${word}" while x`)).ended().events,
      {},
    )
    t.same(
      read(line(0, '7*1', `access forbidden by rule, client: 1, request: "GET /${word}"`)).ended()
        .events,
      {},
    )
  }
  const uri = 'GET /",upstream:"http://evil/" HTTP/1.1'
  t.same(
    read(upstream('connect() failed', 'connecting to upstream', 'http://127.0.0.1:9001/', uri))
      .events,
    { 'breaker_failure 127.0.0.1:9001': 1 },
  )
  t.same(read(` ${forged}`, `x${forged}`, forged.slice(1)).ended().heard, { 'line unknown': 3 })
})

t.test('what has no family of its own can be counted by name', async (t) => {
  const name = (message: string) =>
    Object.keys(read(line(0, '7*1', message)).heard).map((one) => one.replace('line ', ''))
  const named: Readonly<Record<string, string>> = {
    'quic client timed out (110: Connection timed out)': 'client_timed_out',
    'quic stateless reset packet detected': 'stateless_reset_received',
    'quic unsupported version: 0x1': 'unsupported_version',
    'quic version mismatch: 0x1': 'version_mismatch',
    'quic expired token': 'token_rejected',
    'quic invalid token': 'token_rejected',
    'quic garbage token': 'token_rejected',
    'quic flood detected': 'flood_detected',
    'http3 flood detected': 'flood_detected',
    'quic no hs keys, ignoring packet': 'keys_missing',
    'quic no app keys ready, ignoring packet': 'keys_missing',
    'quic missing ALPN extension': 'quic_other',
    'client 127.0.0.1 closed keepalive connection (104: reset)': 'keepalive_closed',
    'start worker process 7': 'other',
  }
  for (const [message, expected] of Object.entries(named)) {
    t.same(name(`${message}${BEHIND}`), [expected], message)
  }
})

t.test(
  'a message of several lines, and bytes that are no text, cost nothing but themselves',
  async (t) => {
    const reader = read(
      line(0, '7*1', 'FastCGI sent in stderr: "PHP message: one', 'error'),
      'two" while reading response header from upstream',
      '',
      Buffer.from([0xff, 0xfe, 0, 0x32]).toString('latin1'),
      '\0'.repeat(100),
      `${migrated(1, '7*1', 1)}\xff\xc3`,
      validated(1, '7*1', 1),
    )
    t.same(reader.heard, {
      'line other': 1,
      'line path_migrated': 1,
      'line path_validated': 1,
      'line unknown': 4,
      migration: 1,
      path_validated: 1,
    })
  },
)

t.test(
  'summer time ends, a clock is set: what waits is neither lost nor counted twice',
  async (t) => {
    const reader = read(migrated(10_799, '7*1', 1), validated(7200, '7*1', 1))
    t.same(reader.events, { migration: 1, path_validated: 1 })
    const quiet = read(migrated(0, '7*1', 1), line(20 * 86_400, '7', 'start worker process 8'))
    t.same(quiet.feed(migrated(20 * 86_400, '7*2', 1), validated(20 * 86_400, '7*2', 1)).events, {
      migration: 2,
      path_validated: 1,
    })
  },
)

t.test('100,000 connections that move need no more memory than 10,000', async (t) => {
  const reader = new ErrorLogReader()
  const feed = (from: number, to: number) => {
    for (let i = from; i < to; i += 1) reader.feed(migrated(0, `7*${i}`, 1))
    return reader.stateBytes
  }
  const most = feed(0, 11_000)
  t.ok(feed(11_000, 100_000) < most * 1.1, `${most} bytes`)
  t.same(reader.events, { migration: 90_000 }, 'the oldest are settled')
  t.same(reader.ended().events, { migration: 100_000 }, 'and none is forgotten')
})

t.test('lines that are made to be searched in vain are over, and say nothing', async (t) => {
  const heads = ['2026/11/22 17:55:33 [info] 1#1: *1 ', '2026/11/22 17:55:33 [debug] 1#1: *1 ']
  const bodies = [
    'quic path seq:1 addr:',
    'connect() failed',
    'client ',
    'quic no ',
    'quic frame tx ',
  ]
  const reader = new ErrorLogReader()
  for (const head of heads) {
    for (const body of bodies) {
      for (const filler of [' ', 'a', '1', ', client: ', ' while ', ', upstream: "', 'unix:']) {
        reader.feed(head + body + filler.repeat(200_000))
      }
    }
  }
  t.same(reader.ended().events, { 'became debug': 1 })
})
