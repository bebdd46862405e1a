import t from 'tap'
import { type RelayOptions, startRelay } from '../../scripts/udp-relay/relay.ts'
import { startCaddy } from './caddy.ts'
import { curl } from './clients.ts'
import { startExporter } from './exporter.ts'
import { skipWithout } from './peers.ts'

const skip = skipWithout('caddy', 'curl', 'openssl')
const BODY_BYTES = 3_000_000
const DELAY_MS = 10

// The bottleneck keeps the kernel's socket buffers from overflowing: what they drop nobody counts.
const line = { delayMs: DELAY_MS, bytesPerSecond: 1_000_000 }
const paths: Record<string, Pick<RelayOptions, 'up' | 'down'>> = {
  'a path that loses 2 %': { up: line, down: { ...line, loss: 0.02 } },
  'a bottleneck with a short queue': { up: line, down: { ...line, queueBytes: 15_000 } },
}

for (const [name, path] of Object.entries(paths)) {
  t.test(`${name}: losses, packets and bytes are the relay's`, { skip }, async (t) => {
    const caddy = await startCaddy(t, { body: BODY_BYTES })
    const exporter = await startExporter(t, caddy.qlogDirectory)
    const relay = await startRelay({ serverPort: caddy.port, ...path })
    t.teardown(() => relay.close())
    const download = curl(t, relay.port, ['/body'])
    await exporter.untilPage(
      'the connection while it is open',
      (page) => page.value('quic_connections_active') === 1,
    )
    await download
    const page = await exporter.untilPage(
      'the closed connection',
      (page) => page.value('quic_connections_closed_total') === 1,
    )
    const truth = await relay.close()
    const value = (metric: string) => page.value(metric) ?? 0

    // Declared minus taken back. Two may differ: a lost packet of acknowledgements alone is never
    // declared, and what is lost together with the last packets may not be declared any more.
    const dropped = truth.down.lost + truth.down.queueDropped
    const declared = value('quic_packets_lost_total') + value('quic_mtu_probes_lost_total')
    const net = declared - value('quic_packets_spuriously_lost_total')
    t.comment(`relay dropped ${dropped}; declared ${declared}, net ${net}`)
    t.ok(dropped > 0, 'the path did lose packets')
    t.ok(Math.abs(net - dropped) <= 2, `net losses ${net}, relay ${dropped}`)

    // Every byte of a datagram belongs to a QUIC packet, so bytes agree to the last one; the
    // handshake puts several packets into one datagram.
    t.equal(value('quic_sent_bytes_total'), truth.down.arrivedBytes, 'bytes sent')
    t.equal(value('quic_received_bytes_total'), truth.up.deliveredBytes, 'bytes received')
    const coalescedSent = value('quic_packets_sent_total') - truth.down.arrived
    const coalescedReceived = value('quic_packets_received_total') - truth.up.delivered
    t.ok(coalescedSent >= 0 && coalescedSent <= 4, `${coalescedSent} packets shared a datagram`)
    t.ok(coalescedReceived >= 0 && coalescedReceived <= 4, `${coalescedReceived} received so`)

    const [request] = await caddy.requests()
    t.equal(request?.bytesSent, BODY_BYTES)
    t.equal(value('quic_http3_requests_total'), 1)
    t.equal(value('quic_min_rtt_seconds_count'), 1)
    const minimumRtt = value('quic_min_rtt_seconds_sum')
    t.ok(minimumRtt >= (2 * DELAY_MS) / 1000 && minimumRtt < 0.1, `smallest RTT ${minimumRtt} s`)
    t.ok(value('quic_rtt_seconds_count') >= 1, 'a sample per busy second')
    t.equal(value('quic_connection_migrations_total'), 0)
  })
}
