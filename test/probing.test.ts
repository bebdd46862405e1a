/** Backends that are probed: when they are up, what is counted, and what a change of the configuration leaves alone. */
import t from 'tap'
import { backendProbeMetrics } from '../exporter/collectors/backend-probes.ts'
import { modulesOf } from '../exporter/config/modules.ts'
import { createLogger } from '../exporter/logging.ts'
import { renderStore } from '../exporter/metrics/render.ts'
import { MetricStore } from '../exporter/metrics/store.ts'
import { BackendProbe } from '../exporter/probing/backend-probe.ts'
import { configuredSpecs } from '../exporter/probing/backend-spec.ts'
import { MACHINE_CLOCK } from '../exporter/probing/clock.ts'
import { allSeries, parsePage, total } from './support/page.ts'
import { blackHole, closedPort } from './support/probe-servers.ts'
import { probingConfig, startHealthServer, startProbing } from './support/probing.ts'
import { until } from './support/until.ts'

const UP = 'quic_lb_backend_up'
const PROBES = 'quic_lb_backend_probes_total'
const FAILED = 'quic_lb_backend_probes_failed_total'
const TRANSITIONS = 'quic_lb_backend_transitions_total'

t.test('a backend goes down and up again, and each change is told once', async (t) => {
  const server = await startHealthServer(t)
  const backends = [{ name: 'b1', probe: server.url, rise: 2, fall: 3 }]
  const { page, untilTotal, lines, probing } = startProbing(t, probingConfig({ backends }))
  t.equal(total(await page(), UP), undefined, 'absent before the first verdict')
  t.equal(
    total(await page(), FAILED, { backend: 'b1', reason: 'status' }),
    0,
    'failures begin at 0',
  )
  await untilTotal(UP, { backend: 'b1' }, (up) => up === 1)
  t.equal(total(await page(), TRANSITIONS), 0, 'the first verdict is no change')
  t.match(probing.summary, { backends: 1, up: 1, down: 0 })

  server.status = 503
  await untilTotal(UP, { backend: 'b1' }, (up) => up === 0)
  t.ok((total(await page(), FAILED, { reason: 'status' }) ?? 0) >= 3)
  await server.close()
  await untilTotal(FAILED, { reason: 'refused' }, (count) => (count ?? 0) > 0)
  server.status = 204
  await server.open()
  await untilTotal(UP, { backend: 'b1' }, (up) => up === 1)
  t.equal(total(await page(), TRANSITIONS, { state: 'down' }), 1)
  t.equal(total(await page(), TRANSITIONS, { state: 'up' }), 1)
  const told = lines.filter((line) => line.includes('backend=b1'))
  t.equal(told.length, 3, told.join(''))
  t.match(
    told[1],
    /msg="a backend is down".*reason=status why="status 503, expected 200-299, 300-399"/,
  )
  t.notMatch(lines.join(''), /127\.0\.0\.1:\d+\/health/, 'what is asked is not told')
})

t.test('every probe is counted once, with its time', async (t) => {
  const server = await startHealthServer(t)
  const { page, untilTotal, probing } = startProbing(
    t,
    probingConfig({ backends: [{ name: 'b1', probe: server.url }] }),
  )
  await untilTotal(PROBES, { backend: 'b1' }, (count) => (count ?? 0) >= 5)
  await probing.stop()
  const now = await page()
  t.equal(total(now, PROBES), server.asked)
  t.equal(total(now, 'quic_lb_backend_probe_duration_seconds_count'), server.asked)
  t.equal(total(now, 'quic_exporter_probe_delay_seconds_count'), server.asked)
  const phases = now.get('quic_lb_backend_probe_phase_duration_seconds')?.samples ?? []
  t.same(
    phases.map(({ labels }) => labels.phase),
    ['connect', 'processing'],
    'an address is not resolved, plain text has no TLS',
  )
  for (const { value } of phases) t.ok(value > 0 && value < 1)
})

t.test('only what can be of a kind of probe is there, at 0', async (t) => {
  const port = await closedPort()
  const modules = [{ name: 'body', expect_body: 'fine' }]
  const backends = [
    { name: 'tcp', probe: `tcp://127.0.0.1:${port}` },
    { name: 'tls', probe: `tls://name.invalid:${port}` },
    { name: 'http', probe: `http://[::1]:${port}/` },
    { name: 'https', probe: `https://name.invalid:${port}/`, module: 'body' },
  ]
  const { page } = startProbing(t, probingConfig({ backends, modules }, { intervalMs: 3_600_000 }))
  const reasons = (await page()).get(FAILED)?.samples ?? []
  const of = (name: string) =>
    reasons.filter(({ labels }) => labels.backend === name).map(({ labels }) => labels.reason)
  t.same(of('tcp'), ['timeout', 'refused', 'other'])
  t.same(of('tls'), ['timeout', 'refused', 'dns', 'tls', 'other'])
  t.same(of('http'), ['timeout', 'refused', 'status', 'protocol', 'other'])
  t.same(of('https'), [
    ...['timeout', 'refused', 'dns', 'tls', 'status', 'body', 'protocol', 'other'],
  ])
})

t.test('backends that never answer are down, and delay no other', async (t) => {
  const server = await startHealthServer(t)
  const hole = await blackHole(t)
  const backends = [
    ...Array.from({ length: 20 }, (_, i) => ({
      name: `hole-${i}`,
      probe: `tcp://127.0.0.1:${hole}`,
    })),
    ...Array.from({ length: 20 }, (_, i) => ({ name: `well-${i}`, probe: server.url })),
  ]
  const times = { intervalMs: 400, timeoutMs: 300, fall: 2 }
  const { page, untilTotal } = startProbing(t, probingConfig({ backends }, times))
  await untilTotal(UP, {}, (up) => up === 20)
  const all = async () => ((await page()).get(UP)?.samples.length ?? 0) === 40
  await until('a verdict on each', all, { withinMs: 20_000 })
  const now = await page()
  t.ok((total(now, FAILED, { reason: 'timeout' }) ?? 0) >= 40)
  for (const { labels, value, line } of now.get(UP)?.samples ?? []) {
    t.equal(value, labels.backend?.startsWith('well') ? 1 : 0, line)
  }
})

t.test('a change of the configuration leaves alone what stays the same', async (t) => {
  const [one, two, three] = [
    await startHealthServer(t),
    await startHealthServer(t),
    await startHealthServer(t),
  ]
  const b1 = { name: 'b1', probe: one.url }
  const { probing, page, untilTotal, lines } = startProbing(
    t,
    probingConfig({
      backends: [b1, { name: 'b2', probe: two.url }, { name: 'b3', probe: two.url }],
    }),
  )
  await untilTotal(UP, {}, (up) => up === 3)
  const before = total(await page(), PROBES, { backend: 'b1' }) ?? 0
  const askedOfTwo = two.asked
  // b2 is probed elsewhere, b3 is gone, b4 is new.
  probing.change(
    probingConfig({
      backends: [b1, { name: 'b2', probe: three.url }, { name: 'b4', probe: three.url }],
    }),
  )
  const after = await page()
  t.ok((total(after, PROBES, { backend: 'b1' }) ?? 0) >= before)
  t.equal(total(after, UP, { backend: 'b1' }), 1, 'no verdict is given up')
  t.equal(total(after, PROBES, { backend: 'b2' }), 0, 'another question begins anew')
  t.equal(total(after, UP, { backend: 'b2' }), undefined)
  t.notOk([...allSeries(after)].some((series) => series.includes('backend=b3')))
  await untilTotal(UP, {}, (up) => up === 3)
  t.ok(two.asked <= askedOfTwo + 2, 'who is gone is not asked any more')
  t.notOk([...allSeries(await page())].some((series) => series.includes('backend=b3')))
  t.equal(lines.filter((line) => line.includes('backend=b1')).length, 1)

  // Only how often: nothing begins anew.
  const probes = total(await page(), PROBES, { backend: 'b1' }) ?? 0
  probing.change(probingConfig({ backends: [b1] }, { intervalMs: 3_600_000, rise: 1, fall: 1 }))
  await one.close()
  t.ok((total(await page(), PROBES, { backend: 'b1' }) ?? 0) >= probes)
  probing.change(probingConfig({ backends: [b1] }, { intervalMs: 40, rise: 1, fall: 1 }))
  await untilTotal(UP, { backend: 'b1' }, (up) => up === 0)
  t.equal(total(await page(), TRANSITIONS, { backend: 'b1', state: 'down' }), 1)
})

t.test('a module that expects something else is another question', async (t) => {
  const server = await startHealthServer(t)
  const backends = [{ name: 'b1', probe: server.url, module: 'm' }]
  const config = (expect_body: string) =>
    probingConfig({ backends, modules: [{ name: 'm', expect_body }] })
  const { probing, untilTotal } = startProbing(t, config('ok'))
  await untilTotal(UP, {}, (up) => up === 1)
  probing.change(config('something else'))
  await untilTotal(UP, {}, (up) => up === 0)
  await untilTotal(FAILED, { reason: 'body' }, (count) => (count ?? 0) >= 3)
})

t.test('what is probed when told to stop ends at once, and is not counted', async (t) => {
  const hole = await blackHole(t)
  const backends = [{ name: 'b1', probe: `tcp://127.0.0.1:${hole}` }]
  const times = { intervalMs: 100, timeoutMs: 50_000 }
  const { probing, page } = startProbing(t, probingConfig({ backends }, times))
  await until(
    'a probe that goes on',
    async () => total(await page(), 'quic_exporter_probe_delay_seconds_count') === 1,
    { withinMs: 10_000 },
  )
  const begun = performance.now()
  await probing.stop()
  t.ok(performance.now() - begun < 5000)
  t.equal(total(await page(), PROBES), 0)
})

t.test('a fault of the exporter is a failed probe, told once', async (t) => {
  const store = new MetricStore()
  const lines: string[] = []
  const stream = { write: (line: string) => lines.push(line) }
  const [spec] = configuredSpecs(
    probingConfig({ backends: [{ name: 'b1', probe: 'tcp://127.0.0.1:9', fall: 2 }] }),
    modulesOf([]),
  )
  if (spec === undefined) throw new Error('nothing is probed')
  const owner = store.owner('b1', 'backend')
  const faulty = async () => {
    throw new TypeError('undefined is not a function')
  }
  const probe = new BackendProbe(spec, owner, faulty, {
    metrics: backendProbeMetrics(store),
    clock: MACHINE_CLOCK,
    log: createLogger({ level: 'info', format: 'logfmt', stream }),
  })
  for (let i = 0; i < 3; i += 1) await probe.run()
  const page = parsePage(await renderStore(store))
  t.equal(total(page, FAILED, { reason: 'other' }), 3)
  t.equal(total(page, UP), 0)
  t.equal(lines.filter((line) => line.includes('level=error')).length, 1)
})
