import t from 'tap'
import { until } from '../support/until.ts'
import { type Delivered, startAlertmanager } from './alertmanager.ts'
import { startAlertingPrometheus } from './alerts-prometheus.ts'
import { startStreams } from './alerts-streams.ts'
import { startBackends } from './backends.ts'
import { startExporterWith } from './exporter.ts'
import { skipWithout } from './peers.ts'
import { temporaryDirectory } from './workspace.ts'

const skip = skipWithout('prometheus', 'prometheus-alertmanager')
const PATIENCE = { withinMs: 120_000, everyMs: 200 }

/** Alert, severity, receiver of alertmanager.yml, what it is about. */
const ALERTS = [
  ['QuicHighMigrationRate', 'info', 'nobody', { source: 'qlog' }],
  ['QuicLbBackendDown', 'critical', 'operator', { backend: 'b1' }],
  ['QuicLbHighErrorRate', 'critical', 'operator', { source: 'requests' }],
  ['QuicHighPacketLoss', 'warning', 'operator', { source: 'qlog' }],
  ['QuicLbCircuitBreakerOpen', 'warning', 'operator', { source: 'breakers', backend: 'b2' }],
] as const

t.test('five alerts reach whom they are for, and end when it is over', { skip }, async (t) => {
  const directory = await temporaryDirectory(t)
  const alertmanager = await startAlertmanager(t, directory)
  const [b1, b2] = await startBackends(t)
  const streams = await startStreams(t, directory, { b1: b1.address, b2: b2.address })
  const exporter = await startExporterWith(t, ['--config.file', streams.configFile])
  await startAlertingPrometheus(t, directory, [exporter.address], alertmanager.address)
  const find = (name: string, status: Delivered['status']) =>
    alertmanager.delivered.find((one) => one.labels.alertname === name && one.status === status)
  const are = (status: Delivered['status']) => () =>
    ALERTS.every(([name]) => find(name, status) !== undefined)

  await until('the watchdog', () => find('Watchdog', 'firing'), PATIENCE)
  await exporter.untilPage(
    'requests, packets, a breaker at rest and backends that are up',
    (page) =>
      page.value('quic_lb_backend_up') === 2 &&
      page.value('quic_lb_circuit_breaker_state', { state: 'closed' }) === 1 &&
      (page.value('quic_packets_sent_total') ?? 0) > 500 &&
      (page.value('quic_lb_requests_total', { code: '2xx' }) ?? 0) > 20,
  )
  t.same(
    alertmanager.delivered.filter(({ labels }) => labels.alertname !== 'Watchdog'),
    [],
    'nothing is wrong on a good day',
  )

  streams.bad = true
  await b1.kill()
  await streams.breaker('open')
  await until('five alerts', are('firing'), PATIENCE)
  for (const [name, severity, receiver, about] of ALERTS) {
    const alert = find(name, 'firing')
    t.match(alert, { receiver, labels: { severity, job: 'quic-lb', cluster: 'local', ...about } })
    t.match(alert?.annotations.runbook_url, `docs/alerts.md#${name.toLowerCase()}`)
    t.notMatch(JSON.stringify(alert?.annotations), /<no value>|error expanding/)
    t.equal(find(name, 'resolved'), undefined, `${name} has not ended`)
  }

  streams.bad = false
  await b1.revive()
  await streams.breaker('closed')
  await until('the end of five alerts', are('resolved'), PATIENCE)
  const names = alertmanager.delivered.map(({ labels }) => labels.alertname ?? '')
  // Errors also use up the budget; on a slow machine the breaker is open for long enough to be stuck.
  const also = ['Watchdog', 'QuicLbErrorBudgetBurn', 'QuicLbCircuitBreakerStuck']
  const known = [...also, ...ALERTS.map(([name]) => name)]
  t.same(
    names.filter((name) => !known.includes(name)),
    [],
    'and no other came',
  )
})
