import t from 'tap'
import { until } from '../support/until.ts'
import { type Alertmanager, startAlertmanager } from './alertmanager.ts'
import { skipWithout } from './peers.ts'
import { temporaryDirectory } from './workspace.ts'

const skip = skipWithout('prometheus-alertmanager')

const HERE = { cluster: 'c', job: 'quic-lb', instance: 'lb1' }
const alert = (alertname: string, labels: Readonly<Record<string, string>> = {}) => ({
  alertname,
  severity: 'warning',
  ...HERE,
  ...labels,
})

/** What is silenced by what, and what of the same name elsewhere is not. */
const SCENES = [
  {
    what: 'an exporter that is gone silences what was said of its balancer',
    because: alert('QuicExporterDown'),
    silenced: [
      alert('QuicLbBackendDown', { backend: 'b1' }),
      alert('QuicFrontDoorDown', { target: 'front' }),
    ],
    heard: [alert('QuicLbBackendDown', { instance: 'lb2', backend: 'b1' }), alert('Watchdog')],
  },
  {
    what: 'an exporter that is gone is told instead of that there is none',
    because: alert('QuicExporterDown'),
    silenced: [{ alertname: 'QuicExporterAbsent', severity: 'critical', cluster: 'c' }],
    heard: [],
  },
  {
    what: 'no exporter at all silences everything of the cluster',
    because: { alertname: 'QuicExporterAbsent', severity: 'critical', cluster: 'c' },
    silenced: [alert('QuicLbBackendDown', { backend: 'b1' }), alert('QuicHighPacketLoss')],
    heard: [alert('QuicLbBackendDown', { cluster: 'd', backend: 'b1' })],
  },
  {
    what: 'a source that cannot be read silences the transport alerts on it',
    because: alert('QuicExporterSourceDown', { source: 'qlog' }),
    silenced: [
      alert('QuicConnectionsDropped', { source: 'qlog' }),
      alert('QuicExporterNoEvents', { source: 'qlog' }),
      alert('QuicExporterFileUnread', { source: 'qlog' }),
    ],
    heard: [
      alert('QuicConnectionsDropped', { source: 'other' }),
      alert('QuicLbHighErrorRate', { source: 'qlog' }),
    ],
  },
  {
    what: 'all backends down silences each of them, and what users see of it',
    because: alert('QuicLbAllBackendsDown'),
    silenced: [
      alert('QuicLbBackendDown', { backend: 'b1' }),
      alert('QuicLbHighErrorRate', { source: 'requests' }),
      alert('QuicLbNoBackend', { source: 'requests' }),
    ],
    heard: [alert('QuicHighPacketLoss', { source: 'qlog' })],
  },
  {
    what: 'a backend that is down silences its breaker',
    because: alert('QuicLbBackendDown', { backend: 'b1' }),
    silenced: [
      alert('QuicLbCircuitBreakerOpen', { backend: 'b1', source: 'lb' }),
      alert('QuicLbCircuitBreakerStuck', { backend: 'b1', source: 'lb' }),
    ],
    heard: [alert('QuicLbCircuitBreakerOpen', { backend: 'b2', source: 'lb' })],
  },
  {
    what: 'a breaker that is stuck silences that it is open',
    because: alert('QuicLbCircuitBreakerStuck', { backend: 'b1', source: 'lb' }),
    silenced: [alert('QuicLbCircuitBreakerOpen', { backend: 'b1', source: 'lb' })],
    heard: [alert('QuicLbCircuitBreakerOpen', { backend: 'b1', source: 'other' })],
  },
  {
    what: 'a front door that is shut silences that it sticks',
    because: alert('QuicFrontDoorDown', { target: 'front', probe: 'initial' }),
    silenced: [alert('QuicFrontDoorFlaky', { target: 'front', probe: 'initial' })],
    heard: [alert('QuicFrontDoorFlaky', { target: 'back', probe: 'initial' })],
  },
  {
    what: 'the urgent form silences the less urgent',
    because: alert('QuicLbErrorBudgetBurn', {
      severity: 'critical',
      source: 'requests',
      long: '1h',
    }),
    silenced: [alert('QuicLbErrorBudgetBurn', { source: 'requests', long: '3d' })],
    heard: [alert('QuicLbErrorBudgetBurn', { source: 'other', long: '3d' })],
  },
] as const

t.test('one alert silences those that follow from it', { skip }, async (t) => {
  const alertmanager = await startAlertmanager(t, await temporaryDirectory(t))
  for (const [index, { what, because, silenced, heard }] of SCENES.entries()) {
    // Each scene is a cluster of its own, so that none silences another.
    const moved = (labels: Readonly<Record<string, string>>) => ({
      ...labels,
      cluster: `${labels.cluster}${index}`,
    })
    const all = [because, ...silenced, ...heard].map(moved)
    await alertmanager.post(all)
    const states = () => statesOf(alertmanager, all)
    const expected = all.map((_, at) => (at > 0 && at <= silenced.length ? 'suppressed' : 'active'))
    await until(what, async () => `${await states()}` === `${expected}`, {
      withinMs: 20_000,
    }).catch(() => {})
    t.same(await states(), expected, what)
  }
})

async function statesOf(
  alertmanager: Alertmanager,
  wanted: readonly Readonly<Record<string, string>>[],
): Promise<string[]> {
  const known = await alertmanager.known()
  return wanted.map((labels) => {
    const found = known.find(({ labels: own }) =>
      [...Object.keys(own), ...Object.keys(labels)].every((key) => own[key] === labels[key]),
    )
    return found?.status.state ?? 'unknown'
  })
}
