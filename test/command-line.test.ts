/** The program as it is started from a shell: what it prints, where, and how it ends. */
import { once } from 'node:events'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import ndjson from 'ndjson'
import t, { type Test } from 'tap'
import { type Ending, type Running, start } from './live/processes.ts'
import { FIXTURES } from './support/fixtures.ts'
import { until } from './support/until.ts'

const MAIN = join(import.meta.dirname, '../exporter/main.ts')
const CLEAN = join(FIXTURES, 'quic-go/clean.sqlog')

const begin = (t: Test, ...args: readonly string[]): Running =>
  start(t, { program: process.execPath, args: [MAIN, ...args] })
const run = (t: Test, ...args: readonly string[]): Promise<Ending> => begin(t, ...args).ended

t.test('replay of a path that is not there: one clear line, exit 1', async (t) => {
  const { code, stdout, stderr } = await run(t, 'replay', CLEAN, '/nowhere/at/all.sqlog')
  t.equal(code, 1)
  t.match(stderr, /^quic-lb-exporter: \/nowhere\/at\/all\.sqlog: cannot be read: no such file\n$/)
  t.equal(stdout, '', 'no page that lacks a file')
})

t.test('replay of a log whose dialect nobody named: a page, and a hint', async (t) => {
  const log = join(FIXTURES, 'caddy/lb.log')
  const { code, stdout, stderr } = await run(t, 'replay', log)
  t.equal(code, 0)
  t.match(stdout, /reason="schema"\} [1-9]/)
  t.match(stderr, /needs its dialect named \(see inspect, --dialect and --vantage\)\n$/)
  const named = await run(t, 'replay', '--dialect', 'caddy', log)
  t.equal(named.stderr, '')
})

t.test('a configuration that says nothing of the source: which there are, exit 2', async (t) => {
  const root = t.testdir({ 'c.yml': 'sources: [{ name: web, paths: [/a], dialect: caddy }]' })
  const file = join(root, 'c.yml')
  for (const command of ['replay', 'inspect']) {
    const { code, stderr } = await run(t, command, '--config.file', file, CLEAN)
    t.equal(code, 2)
    t.match(stderr, /c\.yml has no source "qlog": give --source \(web\) or --dialect\n$/)
    const known = await run(t, command, '--config.file', file, '--dialect', 'quic-go', CLEAN)
    t.equal(known.code, 0, 'the backends alone may be of use')
  }
})

t.test('an unknown flag: what was meant, exit 2', async (t) => {
  const { code, stdout, stderr } = await run(t, '--qlog-dri', '/tmp')
  t.equal(code, 2)
  t.match(stderr, 'unknown flag "--qlog-dri": did you mean --qlog-dir?')
  t.notMatch(stderr, /^\s+at /m, 'no stack')
  t.equal(stdout, '')
})

t.test(
  'inspect says what a directory holds, what is wrong with it and what it can give',
  async (t) => {
    const root = t.testdir({
      'broken.sqlog': [
        '{"qlog_version":"0.3","qlog_format":"JSON-SEQ","trace":{"vantage_point":{"name":"ngtcp2","type":"server"}}}',
        '{"time":1,"name":"transport:packet_received","data":{"header":{"packet_type":"1RTT"}}}',
        '{"time":1,"name":"transport:teleported","data":{}}',
        '{"time":"x","name":"transport:packet_sent","data":{}}',
        'no JSON',
        '',
      ].join('\n'),
      'other.qlog': 'text\n',
    })
    copyFileSync(CLEAN, join(root, 'clean.sqlog'))
    const { code, stdout, stderr } = await run(t, 'inspect', root)
    t.equal(code, 0)
    t.equal(stderr, '')
    const [broken = '', clean = '', other = '', ...capabilities] = stdout.split(/\n\n/)
    t.match(broken, /broken\.sqlog\n {2}dialect: +ngtcp2\n {2}producer: +ngtcp2/)
    t.match(broken, /\n {2}records: +5\n/)
    t.match(broken, /\n {2}rejected: +json 1, time 1\n/)
    t.match(broken, /\n {2}unknown events: +transport:teleported 1\n/)
    t.match(
      clean,
      /clean\.sqlog\n {2}dialect: +quic-go\n {2}producer: +quic-go qlog \(devel\); written like quic-go ≥ 0\.56/,
    )
    t.match(clean, /\n {2}vantage point: +server\n/)
    t.match(clean, /\n {2}rejected: +none\n/)
    t.match(clean, /\n {2}unknown events: +none\n/)
    t.match(clean, /\n {2}events: +.*transport:packet_sent 137/)
    t.match(other, /other\.qlog\n {2}dialect: +none: no qlog header \(.+\)\n/)
    t.match(capabilities.join('\n\n'), /^Metrics from ngtcp2 /m)
    const [, go = ''] = /^(Metrics from quic-go .*?)(?=^Metrics|$(?![\s\S]))/ms.exec(stdout) ?? []
    const [can = '', cannot = ''] = go.split('cannot be given')
    t.match(can, /^ {4}quic_packets_spuriously_lost_total$/m)
    t.match(cannot, /^ {4}quic_retry_packets_sent_total$/m)
    t.match(cannot, /^ {2}to get more: \S/m)
  },
)

t.test(
  'inspect --events is NDJSON, and holds nothing that a client or a server said',
  async (t) => {
    const { code, stdout } = await run(t, 'inspect', '--events', FIXTURES)
    t.equal(code, 0)
    const parser = ndjson.parse()
    parser.end(stdout)
    const types = new Set<string>()
    let events = 0
    for await (const event of parser) {
      events += 1
      types.add(event.type)
      if (!Number.isSafeInteger(event.at)) t.fail(`at ${event.at}`)
    }
    t.ok(events > 10_000, `${events} events`)
    for (const type of [
      'packet',
      'recovery_metrics',
      'packets_lost',
      'path_challenge',
      'http3_response',
    ]) {
      t.ok(types.has(type), type)
    }
    const secrets = [
      '/bytes/',
      'user-agent',
      ':path',
      ':authority',
      'lb.test',
      'cookie',
      '127.0.0.1',
    ]
    for (const secret of [...secrets, 'token', 'ip_v4', 'port_v4']) {
      t.notOk(stdout.toLowerCase().includes(secret), secret)
    }
  },
)

t.test('check-config says what is good and where what is bad', async (t) => {
  const root = t.testdir({
    'good.yml': 'sources:\n  - paths: [/var/log/qlog]\n  - name: two\n    paths: [/srv]\n',
    'bad.yml': 'sources:\n  - path: [/var/log/qlog]\n',
  })
  const good = await run(t, 'check-config', '--config.file', join(root, 'good.yml'))
  t.equal(good.code, 0)
  t.equal(good.stdout, 'the configuration is good: 2 source(s)\n')
  const bad = await run(t, 'check-config', '--config.file', join(root, 'bad.yml'))
  t.equal(bad.code, 2)
  t.match(bad.stderr, /bad\.yml:2:\d+ sources\[0\]\.path: .*did you mean paths\?/)
  t.equal(bad.stdout, '')
})

t.test('check-config says where a file is named that is not there', async (t) => {
  const root = t.testdir({
    'ca.pem': '',
    'c.yml': [
      'backends: [{ name: a, probe: https://10.0.0.1/, module: m }]',
      'modules:',
      '  - { name: n, ca_file: ca.pem }',
      '  - name: m',
      '    ca_file: ca.pem',
      '    cert_file: nowhere.pem',
      '    key_file: nowhere.key',
      'probes: { targets_files: [gone.json] }',
      '',
    ].join('\n'),
  })
  const file = join(root, 'c.yml')
  const text = readFileSync(file, 'utf8')
  writeFileSync(file, text.replaceAll('ca.pem', join(root, 'ca.pem')))
  const { code, stderr } = await run(t, 'check-config', '--config.file', file)
  t.equal(code, 2)
  t.same(stderr.trimEnd().split('\n'), [
    `${file}:6:16 modules[1].cert_file: nowhere.pem: cannot be read: no such file`,
    `${file}:7:15 modules[1].key_file: nowhere.key: cannot be read: no such file`,
    `${file}:8:27 probes.targets_files[0]: gone.json: cannot be read: no such file`,
  ])
})

/** `serve` on a directory with one stream, once it listens. */
async function serve(t: Test, ...args: readonly string[]) {
  const root = t.testdir({})
  mkdirSync(join(root, 'qlog'))
  copyFileSync(CLEAN, join(root, 'qlog', 'clean.sqlog'))
  const running = begin(
    t,
    ...['--qlog-dir', join(root, 'qlog'), '--start-at', 'beginning'],
    ...['--web.listen-address', '127.0.0.1:0', ...args],
  )
  const url = await until(
    'the address that it listens on',
    () => /http:\/\/127\.0\.0\.1:\d+/.exec(running.stderr())?.[0],
    { withinMs: 20_000 },
  )
  return { running, url }
}

t.test('serve shows what replay prints; SIGTERM ends it with 0', async (t) => {
  const { running, url } = await serve(t)
  const ready = async () => (await fetch(`${url}/-/ready`)).ok
  await until('all to be read', ready, { withinMs: 10_000 })
  const answer = await fetch(`${url}/metrics`)
  t.equal(answer.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8')
  const page = await answer.text()
  const [, source = ''] = /quic_connections_total\{source="([^"]*)"\} 1\n/.exec(page) ?? []
  const { stdout } = await run(t, 'replay', CLEAN, '--source', source)
  const lines = new Set(page.split('\n'))
  t.same(
    stdout.split('\n').filter((line) => !lines.has(line)),
    [],
  )
  const begun = performance.now()
  running.child.kill('SIGTERM')
  const { code, stderr } = await running.ended
  t.equal(code, 0, stderr)
  t.ok(performance.now() - begun < 5_000)
})

/** A client that asks for far more than it ever reads. */
async function neverRead(t: Test, url: string): Promise<void> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  t.teardown(() => socket.destroy())
  socket.on('error', () => {})
  socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(400))
  await once(socket, 'readable')
}

t.test('SIGTERM ends it within 5 s although a client never reads its answers', async (t) => {
  const { running, url } = await serve(t)
  await neverRead(t, url)
  const begun = performance.now()
  running.child.kill('SIGTERM')
  const { code, stderr } = await running.ended
  t.equal(code, 0, stderr)
  t.ok(performance.now() - begun < 5_000, `${performance.now() - begun} ms`)
})

t.test('a second signal ends it at once with 130', async (t) => {
  // It would otherwise be over before the second comes, on a machine that gives it no time.
  const { running } = await serve(t, '--shutdown.linger', '1m')
  running.child.kill('SIGTERM')
  running.child.kill('SIGINT')
  t.equal((await running.ended).code, 130)
})

t.test('after a restart it says when it has caught up', async (t) => {
  // Not below tap's directory: that begins anew with each start.
  const state = mkdtempSync(join(tmpdir(), 'quic-lb-state-'))
  t.teardown(() => rmSync(state, { recursive: true, force: true }))
  const first = await serve(t, '--storage.path', state)
  first.running.child.kill('SIGTERM')
  t.equal((await first.running.ended).code, 0)
  t.notMatch(first.running.stderr(), /caught up/, 'nothing was to be caught up with')
  const second = await serve(t, '--storage.path', state)
  const told = () => /"seconds":[0-9.]+,"msg":"caught up"/.test(second.running.stderr())
  await until('the end of it', told, { withinMs: 20_000 })
})

t.test('a port that is taken: one clear line, exit 1', async (t) => {
  const { url } = await serve(t)
  const taken = `127.0.0.1:${new URL(url).port}`
  const { code, stderr } = await run(
    t,
    ...['--qlog-dir', FIXTURES, '--web.listen-address', taken],
    // Without the advice of a start without storage.path.
    ...['--log.level', 'error'],
  )
  t.equal(code, 1)
  t.match(stderr, `cannot listen on ${taken}: address already in use: choose another with `)
  t.equal(stderr.trimEnd().split('\n').length, 1, stderr)
})

t.test(
  'a state directory where nothing can be made: one clear line, exit 2, at once',
  async (t) => {
    for (const place of ['/proc/x', '/proc/x/y', '/dev/null/x']) {
      const { code, stderr } = await run(
        t,
        ...['--qlog-dir', FIXTURES, '--storage.path', place, '--log.level', 'error'],
      )
      t.equal(code, 2, place)
      t.match(stderr, `storage.path ${place}: `)
      t.equal(stderr.trimEnd().split('\n').length, 1, stderr)
    }
  },
)
