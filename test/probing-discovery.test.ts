/** Backends that balancers name: which are probed, under which names, and when they go again. */

import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { type Backend, BackendNames } from '../exporter/collectors/backend-names.ts'
import { processMetrics } from '../exporter/collectors/process.ts'
import { tailingMetrics } from '../exporter/collectors/tailing.ts'
import { renderStore } from '../exporter/metrics/render.ts'
import { createPipeline } from '../exporter/pipeline.ts'
import { type DiscoveryRules, discover, MOST_DISCOVERED } from '../exporter/probing/discovered.ts'
import { Probing } from '../exporter/probing/probing.ts'
import { Sources } from '../exporter/sources.ts'
import { TailShared } from '../exporter/tail/tailer.ts'
import { polledDialectNamed, type Upstream } from '../qlog-parsers/index.ts'
import { FIXTURES } from './support/fixtures.ts'
import { parsePage, total } from './support/page.ts'
import { probingConfig, startHealthServer } from './support/probing.ts'
import { until } from './support/until.ts'

const SILENT = { debug() {}, info() {}, warn() {}, error() {} }
const encoder = new TextEncoder()
const names = (backends: readonly Backend[]) => new BackendNames(backends)
/** Nobody else names anything. */
const ALONE: DiscoveryRules = {
  pattern: 'http://*/',
  fits: () => true,
  backends: names([]),
  taken: new Set(),
  foreign: new Set(),
  named: new Map(),
}

t.test('HAProxy and Caddy name their servers with addresses', async (t) => {
  const recorded = (path: string) => {
    const [line = ''] = readFileSync(join(FIXTURES, path), 'utf8').split('\n')
    return encoder.encode((JSON.parse(line) as { body: string }).body)
  }
  const haproxy = polledDialectNamed('haproxy-stats')
  t.same(haproxy?.upstreams(recorded('haproxy-stats/haproxy-lb.log')), [
    { name: 'app/b1', address: '127.0.0.1:9001' },
    { name: 'app/b2', address: '127.0.0.1:9002' },
    { name: 'app/b3', address: '127.0.0.1:9003' },
  ])
  const page = haproxy?.upstreams(recorded('haproxy-stats/haproxy-lb-promex.log')) ?? []
  t.ok(page.length > 0)
  t.ok(
    page.every(({ address }) => address === ''),
    'its Prometheus page has none',
  )
  t.equal(haproxy?.upstreams(encoder.encode('# pxname,svname,')), undefined)
  const caddy = polledDialectNamed('caddy-admin')
  const upstreams = caddy?.upstreams(recorded('caddy-admin/caddy-lb.log')) ?? []
  t.ok(upstreams.length > 0)
  for (const { name, address } of upstreams) t.equal(name, address)
  t.equal(caddy?.upstreams(encoder.encode('{')), undefined)
  t.same(caddy?.upstreams(encoder.encode('null')), [])
})

t.test('names are the configured ones where they fit, else the balancer’s', async (t) => {
  const { backends } = probingConfig({
    backends: [
      { name: 'by-name', aliases: ['App/B1'] },
      { name: 'by-address', aliases: ['10.0.0.2:80'] },
      { name: 'probed', aliases: ['app/b3'], probe: 'http://10.0.0.3/' },
    ],
  })
  const upstreams: Upstream[] = [
    { name: 'app/b1', address: '10.0.0.1:80' },
    { name: 'app/b2', address: '10.0.0.2:80' },
    { name: 'app/b3', address: '10.0.0.3:80' },
    { name: 'app/b4', address: '[2001:db8::4]:80' },
    { name: '10.0.0.5:80', address: '10.0.0.5:80' },
  ]
  const rules = { pattern: 'https://*/health?a=b', taken: new Set(['probed']) }
  const { targets, refused } = discover(upstreams, {
    ...ALONE,
    ...rules,
    backends: names(backends),
  })
  t.same(
    targets.map(({ name, url }) => `${name} ${url.scheme} ${url.host} ${url.port} ${url.path}`),
    [
      'by-name https 10.0.0.1 80 /health?a=b',
      'by-address https 10.0.0.2 80 /health?a=b',
      'app/b4 https 2001:db8::4 80 /health?a=b',
      '10.0.0.5:80 https 10.0.0.5 80 /health?a=b',
    ],
    'what says itself how it is probed is not discovered',
  )
  t.same(refused, { limit: 0, address: 0, name: 0, duplicate: 0 })
})

t.test('what cannot be probed is counted by reason', async (t) => {
  const { backends } = probingConfig({
    backends: [
      { name: 'pool', aliases: ['a/1', 'a/2', 'a/3'] },
      { name: 'x', probe: 'tcp://[::1]:1' },
    ],
  })
  const odd: Upstream[] = [
    ...[
      '',
      '10.0.0.1',
      '10.0.0.1:0',
      '0.0.0.0:80',
      '[::]:80',
      'unix@/run/a.sock',
      '10.0.0.1:80/x',
      'a b:80',
    ].map((address, i) => ({ name: `a/odd-${i}`, address })),
    ...['other', 'with space', 'x'.repeat(101), '"', 'ü'].map((name) => ({
      name,
      address: '10.0.0.1:80',
    })),
    { name: 'a/1', address: '10.0.1.1:80' },
    { name: 'a/2', address: '10.0.1.1:80' },
    { name: 'a/3', address: '10.0.1.3:80' },
  ]
  const found = discover(odd, {
    ...ALONE,
    pattern: 'tcp://*',
    backends: names(backends),
    taken: new Set(['x']),
  })
  t.same(
    found.targets.map(({ name }) => name),
    ['pool'],
  )
  t.same(found.refused, { limit: 0, address: 8, name: 5, duplicate: 1 })
  const many = Array.from({ length: MOST_DISCOVERED + 7 }, (_, i) => ({
    name: `b${i}`,
    address: `10.0.${i >> 8}.${i & 255}:80`,
  }))
  const full = discover(many, ALONE)
  t.equal(full.targets.length, MOST_DISCOVERED)
  t.equal(full.refused.limit, 7)
})

t.test('what a balancer names is probed for as long as it names it', async (t) => {
  const server = await startHealthServer(t)
  const gone = await startHealthServer(t)
  let upstreams: { address: string; fails: number; num_requests: number }[] | undefined
  const name = (...ports: readonly number[]) =>
    ports.map((port) => ({ address: `127.0.0.1:${port}`, fails: 0, num_requests: 0 }))
  const admin = createServer((_request, response) => {
    if (upstreams === undefined) response.writeHead(500).end()
    else response.end(JSON.stringify(upstreams))
  })
  await once(admin.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => void admin.close())
  const { port } = admin.address() as AddressInfo
  const source = { name: 'caddy', url: `http://127.0.0.1:${port}`, dialect: 'caddy-admin' }
  const written = (more: object) => ({
    sources: [{ ...source, poll_interval: '1s', ...more }],
    backends: [{ name: 'moodle', aliases: [`127.0.0.1:${server.port}`] }],
  })
  const config = probingConfig(written({ discover: true, discover_probe: 'http://*/health' }))
  const pipeline = createPipeline({ backends: config.backends })
  const { metrics } = pipeline
  processMetrics(
    metrics,
    { version: '', revision: '', nodeVersion: '' },
    { files: 0, connections: 0 },
  )
  const probing = new Probing(config, { store: metrics, log: SILENT })
  const sources = new Sources(config, {
    pipeline,
    tailing: tailingMetrics(metrics),
    shared: new TailShared(10),
    keepState: false,
    discovery: probing,
    log: SILENT,
  })
  t.teardown(async () => {
    await Promise.all(sources.all.map((one) => one.stop()))
    await probing.stop()
  })
  probing.start()
  const look = () => Promise.all(sources.all.map((one) => one.sweep()))
  const page = async () => parsePage(await renderStore(metrics))
  const backends = async () =>
    (await page())
      .get('quic_lb_backend_probes_total')
      ?.samples.map(({ labels }) => labels.backend) ?? []

  upstreams = name(server.port, gone.port)
  await look()
  t.same((await backends()).sort(), [`127.0.0.1:${gone.port}`, 'moodle'])
  t.equal(total(await page(), 'quic_exporter_discovered_backends', { source: 'caddy' }), 2)
  await until('probes', async () => server.asked > 0 && gone.asked > 0, { withinMs: 10_000 })

  upstreams = undefined
  await look()
  t.equal((await backends()).length, 2, 'a balancer that does not answer still has its servers')

  upstreams = name(server.port)
  await look()
  t.same(await backends(), ['moodle'])
  const before = total(await page(), 'quic_lb_backend_probes_total', { backend: 'moodle' }) ?? 0

  const same = probingConfig(
    written({ discover: true, discover_probe: 'http://*/health', poll_interval: '2s' }),
  )
  probing.change(same)
  await sources.change(same)
  const after = total(await page(), 'quic_lb_backend_probes_total', { backend: 'moodle' }) ?? 0
  t.ok(after >= before, 'a reload changes nothing')

  const without = probingConfig(written({}))
  probing.change(without)
  await sources.change(without)
  t.same(await backends(), [])
  t.equal(total(await page(), 'quic_exporter_discovered_backends', { source: 'caddy' }) ?? 0, 0)
})
