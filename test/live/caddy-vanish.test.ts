import t from 'tap'
import { startRelay } from '../../scripts/udp-relay/relay.ts'
import { startCaddy } from './caddy.ts'
import { startNgtcp2Client } from './clients.ts'
import { startExporter } from './exporter.ts'
import { skipWithout } from './peers.ts'

const skip = skipWithout('caddy', 'gtlsclient', 'openssl')
// The idle timeout is the smaller of both sides'; 5 s is the least that Caddy grants a client.
const SHORT_IDLE = '--timeout=5s'

t.test('a client killed in a download, and one that just falls silent', { skip }, async (t) => {
  const caddy = await startCaddy(t, { small: 1000, big: 4_000_000 })
  const exporter = await startExporter(t, caddy.qlogDirectory)
  const line = { delayMs: 10, bytesPerSecond: 400_000, queueBytes: 60_000 }
  const relay = await startRelay({ serverPort: caddy.port, up: line, down: line })
  t.teardown(() => relay.close())

  const killed = startNgtcp2Client(t, relay.port, '/big', [SHORT_IDLE])
  await exporter.untilPage(
    'the download',
    (page) => page.value('quic_connections_active') === 1 && relay.stats().down.delivered > 100,
  )
  killed.child.kill('SIGKILL')
  const silent = startNgtcp2Client(t, caddy.port, '/small', [SHORT_IDLE, '--delay-stream=60s'])

  const page = await exporter.untilPage(
    'two idle timeouts',
    (page) => page.value('quic_connections_closed_total', { reason: 'idle_timeout' }) === 2,
    20_000,
  )
  await silent.stop()
  t.equal(page.value('quic_connections_total'), 2)
  t.equal(page.value('quic_connections_active'), 0)
  t.equal(page.value('quic_connections_closed_total'), 2)
  t.equal(page.value('quic_connections_vanished_total'), 1, 'only one left bytes under way')
})
