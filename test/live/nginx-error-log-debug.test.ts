/** nginx's error log at level debug, beside what the relay dropped and what was really sent. */
import { randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import t from 'tap'
import { startRelay } from '../../scripts/udp-relay/relay.ts'
import { until } from '../support/until.ts'
import { startNgtcp2Client } from './clients.ts'
import { BOTTLENECK } from './migrations.ts'
import { startNginxAndExporter } from './nginx-error-log.ts'
import { skipWithout } from './peers.ts'
import { untilEnded } from './processes.ts'

const skip = skipWithout('nginx', 'gtlsclient', 'openssl')
const closed = 'quic_connections_closed_total'

/** An Initial-like packet of a version that nobody speaks (RFC 9000 §15: 0x?a?a?a?a). */
async function speakAnotherVersion(port: number): Promise<void> {
  const socket = createSocket('udp4')
  const ids = Buffer.concat([Buffer.from([8]), randomBytes(8), Buffer.from([8]), randomBytes(8)])
  const head = Buffer.concat([Buffer.from([0xc0, 0x1a, 0x2a, 0x3a, 0x4a]), ids])
  socket.send(Buffer.concat([head, Buffer.alloc(1200 - head.length)]), port, '127.0.0.1')
  await once(socket, 'message')
  socket.close()
}

t.test('connections, Retry and Version Negotiation packets are counted', { skip }, async (t) => {
  const { port, exporter } = await startNginxAndExporter(t, {
    level: 'debug',
    directives: 'quic_retry on;',
  })
  // Its first flight is one datagram: a client that needs two may be sent a Retry packet for each.
  for (let i = 0; i < 3; i += 1) await untilEnded(startNgtcp2Client(t, port, '/1000'))
  await speakAnotherVersion(port)
  const page = await exporter.untilPage(
    'all of it',
    (page) =>
      page.value(closed) === 3 && page.value('quic_version_negotiation_packets_sent_total') === 1,
  )
  t.equal(page.value('quic_connections_total'), 3)
  t.equal(page.value('quic_connections_active'), 0)
  t.equal(page.value(closed, { reason: 'no_error', initiator: 'remote' }), 3)
  t.equal(page.value('quic_retry_packets_sent_total'), 3)
})

t.test('what the relay drops is declared lost', { skip }, async (t) => {
  const { port, exporter } = await startNginxAndExporter(t, { level: 'debug' })
  const link = { ...BOTTLENECK, queueBytes: 4_000_000 }
  const relay = await startRelay({ serverPort: port, up: link, down: { ...link, loss: 0.03 } })
  t.teardown(() => relay.close())
  await untilEnded(startNgtcp2Client(t, relay.port, '/400000', ['--max-udp-payload-size=1400']))
  const page = await exporter.untilPage('the end', (page) => page.value(closed) === 1)
  const { down } = await relay.close()
  const value = (name: string) => page.value(name) ?? 0
  const lost = value('quic_packets_lost_total')
  // The last packets of a connection may be lost without anybody noticing; nothing arrives late here.
  t.ok(lost > 0 && lost <= down.lost, `${lost} of ${down.lost}`)
  const sent = value('quic_packets_sent_total')
  t.ok(
    sent >= down.arrived && sent <= down.arrived + 3,
    `${sent} packets in ${down.arrived} datagrams: those of the handshake share one`,
  )
  const ms = 1000 * (value('quic_rtt_seconds_sum') / value('quic_rtt_seconds_count'))
  t.ok(ms >= 2 * link.delayMs, `${ms} ms: the relay holds each datagram for ${link.delayMs} ms`)
})

t.test('a client that vanishes in the middle of a download timed out', { skip }, async (t) => {
  const { port, exporter } = await startNginxAndExporter(t, {
    level: 'debug',
    directives: 'keepalive_timeout 2s;',
  })
  const link = { ...BOTTLENECK, queueBytes: 4_000_000 }
  const relay = await startRelay({ serverPort: port, up: link, down: link })
  t.teardown(() => relay.close())
  const client = startNgtcp2Client(t, relay.port, '/1000000', ['--max-udp-payload-size=1400'])
  const hasBegun = () => relay.stats().down.delivered > 50
  await until('a part of the download', hasBegun, { withinMs: 15_000 })
  client.child.kill('SIGKILL')
  const page = await exporter.untilPage('the end', (page) => page.value(closed) === 1)
  t.equal(page.value(closed, { reason: 'idle_timeout' }), 1)
  t.equal(page.value('quic_exporter_events_total', { event: 'client_timed_out' }), 1)
  t.ok((page.value('quic_pto_total') ?? 0) > 0, 'probes went unanswered')
  t.equal(page.value('quic_connections_vanished_total'), 1)
})
