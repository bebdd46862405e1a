/** HAProxy, asked as docs/proxies/haproxy.md says, both ways: what it counts is what we count, through every restart. */
import { createSocket } from 'node:dgram'
import { readFile, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { startRelay } from '../../scripts/udp-relay/relay.ts'
import { until } from '../support/until.ts'
import { startBackends } from './backends.ts'
import { curl, startNgtcp2Client } from './clients.ts'
import type { Exporter, Page } from './exporter.ts'
import { peer, skipWithout } from './peers.ts'
import { ask, health, killNow, snippets, writeConfig } from './polled.ts'
import { freePort, type Running, start, untilEnded } from './processes.ts'
import { makeCertificate, temporaryDirectory } from './workspace.ts'

const skip = skipWithout('haproxy', 'curl', 'openssl', 'gtlsclient')
const SOURCES = ['haproxy-state', 'haproxy-page']

/** What becomes a metric, and which. */
const COUNTERS = {
  quic_sent_pkt: 'quic_packets_sent_total',
  quic_lost_pkt: 'quic_packets_lost_total',
  quic_retry_sent: 'quic_retry_packets_sent_total',
  quic_stless_rst_sent: 'quic_stateless_reset_packets_sent_total',
  quic_conn_migration_done: 'quic_connection_migrations_total',
  quic_hdshk_fail: 'quic_handshakes_failed_total',
}
type Counts = Record<string, number>

/** HAProxy's own word, read without anything of ours. */
async function ownCounts(socketPath: string): Promise<Counts> {
  let text = ''
  const socket = connect(socketPath)
  socket.end('show stat\n')
  for await (const piece of socket) text += piece
  const [head = '', ...rows] = text.trim().split('\n')
  const columns = head.slice(2).split(',')
  const counts: Counts = {}
  for (const row of rows) {
    const fields = row.split(',')
    if (fields[1] !== 'FRONTEND') continue
    for (const name of Object.keys(COUNTERS)) {
      counts[name] = (counts[name] ?? 0) + Number(fields[columns.indexOf(name)])
    }
  }
  return counts
}

function ourCounts(page: Page, source: string): Counts {
  const entries = Object.entries(COUNTERS)
  return Object.fromEntries(entries.map(([own, ours]) => [own, page.value(ours, { source }) ?? -1]))
}

function plus(one: Counts, other: Counts): Counts {
  return Object.fromEntries(
    Object.keys(one).map((key) => [key, (one[key] ?? 0) + (other[key] ?? 0)]),
  )
}

async function untilCounted(exporter: Exporter, counts: Counts): Promise<Page> {
  const wanted = JSON.stringify(counts)
  return exporter.untilPage(`${wanted} on both sources`, (page) =>
    SOURCES.every((source) => JSON.stringify(ourCounts(page, source)) === wanted),
  )
}

/** Datagrams of a connection that nobody knows: a stateless reset answers each (RFC 9000 §10.3). */
async function sendOfNobody(port: number, datagrams: number): Promise<void> {
  const socket = createSocket('udp4')
  let answers = 0
  socket.on('message', () => (answers += 1))
  for (let i = 0; i < datagrams; i += 1) {
    socket.send(Buffer.alloc(100, 0x41), port, '127.0.0.1')
  }
  await until('a stateless reset for each', () => answers === datagrams, { withinMs: 5000 })
  socket.close()
}

t.test('both ways of asking, through kill -9 of either process', { skip }, async (t) => {
  const directory = await temporaryDirectory(t)
  const backends = await startBackends(t)
  const [port, retryPort, pagePort] = [await freePort(), await freePort(), await freePort()]
  const { certificate, key } = await makeCertificate(t, directory)
  const socketPath = join(directory, 'admin.sock')
  await writeFile(
    join(directory, 'both.pem'),
    `${await readFile(certificate, 'utf8')}${await readFile(key, 'utf8')}`,
  )
  const places = [
    ['/run/haproxy/admin.sock', socketPath],
    ['127.0.0.1:8404', `127.0.0.1:${pagePort}`],
  ] as const
  const [global = '', prometheus = ''] = await snippets('haproxy', 'haproxy', places)
  const bind = `ssl crt ${directory}/both.pem alpn h3`
  const haproxyFile = join(directory, 'haproxy.cfg')
  await writeFile(
    haproxyFile,
    `${global}    cluster-secret of-a-test
defaults
    mode http
    timeout connect 1s
    timeout client 5s
    timeout server 5s
frontend one
    bind quic4@127.0.0.1:${port} ${bind}
    default_backend app
frontend two
    bind quic4@127.0.0.1:${retryPort} ${bind} quic-force-retry
    default_backend app
backend app
    option httpchk GET /healthz
    default-server check inter 200ms fall 2 rise 2
    ${backends.map(({ name, address }) => `server ${name} ${address}`).join('\n    ')}
${prometheus}`,
  )
  const startHaproxy = async (): Promise<Running> => {
    const running = start(t, { program: peer('haproxy'), args: ['-db', '-f', haproxyFile] })
    await until('HAProxy to answer', () => ownCounts(socketPath).catch(() => false), {
      withinMs: 10_000,
    })
    return running
  }
  const haproxy = await startHaproxy()
  const config = await writeConfig(directory, 'haproxy', places)

  const first = await ask(t, config)
  const page = await first.untilPage('all to be up', (page) =>
    SOURCES.every((source) => health(page, source) === '1 1 1'),
  )
  t.equal(page.value('quic_exporter_source_up', {}), 2)
  const traffic = async (t: Test) => {
    const relay = await startRelay({ serverPort: port, down: { loss: 0.05, seed: 7 } })
    for (let i = 0; i < 3; i += 1) await curl(t, relay.port, ['/bytes/300000'])
    await relay.close()
    await curl(t, retryPort, ['/item'])
    await sendOfNobody(port, 4)
  }
  await traffic(t)
  await untilCounted(first, await ownCounts(socketPath))

  // Its state was saved at a scrape; what is asked for after that is forgotten with it.
  await traffic(t)
  await killNow(first)
  await traffic(t)
  const second = await ask(t, config)
  // A client behind a NAT that gives it another port half-way.
  const moving = await startRelay({ serverPort: port, rebinds: [{ atMs: 300 }] })
  await untilEnded(startNgtcp2Client(t, moving.port, '/slow/1000'))
  t.equal((await moving.close()).rebinds, 1)
  await backends[1].kill()
  await second.untilPage('b2 to be down', (page) =>
    SOURCES.every((source) => health(page, source) === '1 0 1'),
  )
  await backends[1].revive()
  await second.untilPage('b2 to be up', (page) =>
    SOURCES.every((source) => health(page, source) === '1 1 1'),
  )
  await settled(socketPath)
  const ofFirst = await ownCounts(socketPath)
  t.comment(JSON.stringify(ofFirst))
  await untilCounted(second, ofFirst)
  for (const counted of [
    'quic_sent_pkt',
    'quic_lost_pkt',
    'quic_retry_sent',
    'quic_stless_rst_sent',
  ]) {
    t.ok((ofFirst[counted] ?? 0) > 0, `${counted} was seen to rise`)
  }

  haproxy.child.kill('SIGKILL')
  await haproxy.ended
  await second.untilPage('both to be unreachable', (page) =>
    SOURCES.every(
      (source) =>
        page.value('quic_exporter_source_up', { source }) === 0 &&
        page.value('quic_exporter_polls_failed_total', { source, reason: 'unreachable' }) !== 0,
    ),
  )
  await killNow(second)
  await startHaproxy()
  // More than before: a fall does not show that this is another process.
  for (let i = 0; i < 4; i += 1) await traffic(t)
  const third = await ask(t, config)
  await settled(socketPath)
  const ofSecond = await ownCounts(socketPath)
  t.ok((ofSecond.quic_sent_pkt ?? 0) > (ofFirst.quic_sent_pkt ?? 0))
  const last = await untilCounted(third, plus(ofFirst, ofSecond))
  t.equal(last.value('quic_exporter_source_up'), 2)
  t.notMatch(last.text, /127\.0\.0\.1|admin\.sock|app\//, 'no address')
  t.notMatch(third.running.stderr(), /admin\.sock|app\/|127\.0\.0\.1:\d+\/metrics\?/)
})

/** Until its connections are over: it adds their packets then. */
async function settled(socketPath: string): Promise<void> {
  let before = ''
  await until(
    'HAProxy to count no more',
    async () => {
      const now = JSON.stringify(await ownCounts(socketPath))
      const isStill = now === before
      before = now
      return isStill
    },
    { withinMs: 20_000, everyMs: 1500 },
  )
}
