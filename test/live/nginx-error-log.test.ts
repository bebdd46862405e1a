/** nginx's error log, from a real nginx as our document configures it, beside the relay's truth. */
import t from 'tap'
import { startRelay } from '../../scripts/udp-relay/relay.ts'
import { curl, startNgtcp2Client } from './clients.ts'
import { BOTTLENECK } from './migrations.ts'
import { startNginxAndExporter } from './nginx-error-log.ts'
import { skipWithout } from './peers.ts'
import { untilEnded } from './processes.ts'

const skip = skipWithout('nginx', 'gtlsclient', 'curl', 'openssl')
/** nginx probes loopback for packets of tens of kilobytes: the queue must hold them. */
const LINK = { ...BOTTLENECK, queueBytes: 1_000_000 }
const NEVER_FULL = '--max-stream-data-bidi-local=30000'

t.test('a NAT gives the client another address, three times', { skip }, async (t) => {
  const { port, exporter } = await startNginxAndExporter(t)
  const rebinds = [500, 1000, 1500].map((atMs, i) => ({ atMs, address: `127.0.0.1${i + 1}` }))
  const relay = await startRelay({ serverPort: port, up: LINK, down: LINK, rebinds })
  t.teardown(() => relay.close())
  await untilEnded(startNgtcp2Client(t, relay.port, '/1000000', [NEVER_FULL]))
  const truth = await relay.close()
  t.equal(truth.rebinds, 3, 'the relay made all its moves in time')
  const page = await exporter.untilPage(
    'the moves',
    (page) => (page.value('quic_connection_migrations_total') ?? 0) >= 3,
  )
  t.equal(page.value('quic_connection_migrations_total', { kind: 'unknown' }), truth.rebinds)
  t.equal(page.value('quic_connection_migrations_failed_total'), 0)
  t.equal(page.value('quic_path_validations_total'), truth.rebinds)
  t.equal(page.value('quic_path_validations_failed_total'), 0)
  const lines = page.value('quic_exporter_events_total', { event: 'path_validated' }) ?? 0
  t.ok(lines > truth.rebinds, `${lines} lines: the paths that were left are validated too`)
})

t.test('nothing arrives on the new path', { skip }, async (t) => {
  const { port, exporter } = await startNginxAndExporter(t)
  const relay = await startRelay({
    serverPort: port,
    up: LINK,
    down: LINK,
    rebinds: [{ atMs: 700, address: '127.0.0.11' }],
    newPathLossDown: 1,
  })
  t.teardown(() => relay.close())
  const client = startNgtcp2Client(t, relay.port, '/1000000', [NEVER_FULL])
  const page = await exporter.untilPage(
    'the end of the validation',
    (page) => (page.value('quic_connection_migrations_failed_total') ?? 0) > 0,
    40_000,
  )
  await client.stop()
  t.equal((await relay.close()).rebinds, 1)
  t.equal(page.value('quic_connection_migrations_failed_total'), 1)
  t.equal(page.value('quic_connection_migrations_total'), 1)
})

t.test('a backend dies', { skip }, async (t) => {
  const { port, backends, exporter, tries } = await startNginxAndExporter(t)
  const paths = Array.from({ length: 12 }, () => '/100')
  await curl(t, port, paths)
  const before = await exporter.scrape()
  t.equal(before.value('quic_lb_circuit_breaker_failures_total'), 0)
  await backends[0].stop()
  const { statuses } = await curl(t, port, paths)
  t.same([...new Set(statuses)], ['200'], 'the other backend answers all')
  const failed = (await tries()).filter((one) => one === `${backends[0].address} 502`).length
  t.ok(failed >= 2, `${failed} failed tries, by the access log`)
  const page = await exporter.untilPage(
    'the breaker',
    (page) => (page.value('quic_lb_circuit_breaker_transitions_total') ?? 0) > 0,
  )
  const value = (name: string, backend: string) =>
    page.value(`quic_lb_circuit_breaker_${name}_total`, { backend })
  t.equal(value('failures', 'b1'), failed)
  t.equal(value('transitions', 'b1'), 1)
  for (const name of ['b2', 'other']) {
    t.equal(value('failures', name), 0)
    t.equal(value('transitions', name), 0)
  }
})
