import t from 'tap'
import { startCaddy } from './caddy.ts'
import { curl } from './clients.ts'
import { startExporter } from './exporter.ts'
import { peer, skipWithout } from './peers.ts'
import { run } from './processes.ts'
import { promtoolComplaints } from './promtool.ts'

const skip = skipWithout('caddy', 'curl', 'openssl', 'promtool')

t.test('connections made and closed by curl, and their requests', { skip }, async (t) => {
  const caddy = await startCaddy(t, { small: 1000 })
  const exporter = await startExporter(t, caddy.qlogDirectory)
  const severalRequests = ['/small', '/small', '/missing', '/small']
  const reports = await Promise.all([
    ...[1, 2, 3].map(() => curl(t, caddy.port, severalRequests)),
    curl(t, caddy.port, new Array(8).fill('/small'), true),
  ])
  const connections = reports.reduce((sum, report) => sum + report.connectionsMade, 0)
  const statuses = reports.flatMap((report) => report.statuses)
  const answered = (status: string) => statuses.filter((other) => other === status).length

  const page = await exporter.untilPage(
    `${connections} closed connections`,
    (page) => page.value('quic_connections_closed_total') === connections,
  )
  t.equal(page.value('quic_connections_total'), connections, 'as many as curl made')
  t.equal(page.value('quic_connections_active'), 0)
  t.equal(page.value('quic_handshakes_completed_total'), connections)
  t.equal(page.value('quic_handshake_duration_seconds_count'), connections)
  t.equal(page.value('quic_connection_versions_total', { version: 'v1' }), connections)
  const byCurl = { reason: 'no_error', initiator: 'remote' }
  t.equal(page.value('quic_connections_closed_total', byCurl), connections)
  t.equal(page.value('quic_http3_requests_total'), statuses.length)
  t.equal(page.value('quic_http3_requests_total', { code: '2xx' }), answered('200'))
  t.equal(page.value('quic_http3_requests_total', { code: '4xx' }), answered('404'))
  t.equal(page.value('quic_exporter_records_failed_total') ?? 0, 0)

  const requests = await caddy.requests()
  t.equal(requests.length, statuses.length, 'Caddy logged the same number of requests')
  t.equal(new Set(requests.map((request) => request.client)).size, connections, 'and of clients')

  t.equal(await promtoolComplaints(t, page.text), '', 'promtool has nothing to say')
  const { code } = await exporter.running.stop()
  t.equal(code, 0, 'the exporter ends well at SIGTERM')
})

t.test('a handshake that Caddy refuses', { skip }, async (t) => {
  const caddy = await startCaddy(t, {})
  const exporter = await startExporter(t, caddy.qlogDirectory)
  const { code } = await run(t, {
    program: peer('curl'),
    args: [
      ...['--silent', '--insecure', '--http3-only', '--max-time', '10'],
      ...[
        '--resolve',
        `unknown.test:${caddy.port}:127.0.0.1`,
        `https://unknown.test:${caddy.port}`,
      ],
    ],
  })
  t.not(code, 0, 'curl got no connection')
  const page = await exporter.untilPage(
    'the failed handshake',
    (page) => page.value('quic_handshakes_failed_total', { reason: 'crypto' }) === 1,
  )
  const refused = { reason: 'crypto_error', initiator: 'local' }
  t.equal(page.value('quic_connections_closed_total', refused), 1)
  t.equal(page.value('quic_connection_errors_total', { code: 'internal_error' }), 1)
  t.equal(page.value('quic_handshakes_completed_total'), 0)
  t.equal(page.value('quic_connections_active'), 0)
})
