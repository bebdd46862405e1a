import t from 'tap'
import { until } from '../support/until.ts'
import { startCaddy } from './caddy.ts'
import { curl } from './clients.ts'
import { startExporter } from './exporter.ts'
import { skipWithout } from './peers.ts'
import { startPrometheus } from './prometheus.ts'

const skip = skipWithout('caddy', 'curl', 'openssl', 'prometheus')
const PATIENCE = { withinMs: 30_000, everyMs: 250 }

t.test('Prometheus scrapes the exporter while clients come and go', { skip }, async (t) => {
  const caddy = await startCaddy(t, { small: 1000 })
  const exporter = await startExporter(t, caddy.qlogDirectory)
  const prometheus = await startPrometheus(t, exporter.address)
  const scrapes = () => prometheus.query('count_over_time(up[5m])')

  let connections = 0
  for (const clients of [1, 3, 2]) {
    const before = (await scrapes()) ?? 0
    const visits = Array.from({ length: clients }, () => curl(t, caddy.port, ['/small', '/small']))
    for (const { connectionsMade } of await Promise.all(visits)) connections += connectionsMade
    const areSeen = async () =>
      (await prometheus.query('quic_connections_total')) === connections &&
      ((await scrapes()) ?? 0) >= before + 2
    await until(`${connections} connections in Prometheus`, areSeen, PATIENCE)
  }
  t.equal(connections, 6, 'each client made one connection')
  const areClosed = async () =>
    (await prometheus.query('sum(quic_connections_closed_total)')) === connections
  await until('their ends in Prometheus', areClosed, PATIENCE)

  t.same(await prometheus.target(), { health: 'up', lastError: '' })
  t.equal(await prometheus.query('min_over_time(up[5m])'), 1, 'no scrape failed')
  t.ok(((await scrapes()) ?? 0) >= 5, 'there were several')
  t.equal(await prometheus.query('quic_connections_active'), 0)
  const buckets = '{le="+Inf",__name__="quic_connection_duration_seconds_bucket"}'
  t.equal(await prometheus.query(buckets), connections, 'histograms are read as well')

  const { text } = await exporter.scrape()
  const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  t.equal(await prometheus.query('scrape_samples_scraped'), samples.length, 'every sample is taken')
})
