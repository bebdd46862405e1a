/** `/probe`: one probe of something that is configured, for whoever asks; of anything else not one packet. */
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { createLogger } from '../exporter/logging.ts'
import { probeOnDemand } from '../exporter/probe-on-demand.ts'
import { createServer } from '../exporter/web/server.ts'
import { parsePage, total } from './support/page.ts'
import { blackHole, closedPort } from './support/probe-servers.ts'
import { probingConfig, startHealthServer, startProbing } from './support/probing.ts'

const NEVER = { intervalMs: 3_600_000, timeoutMs: 2000 }

async function serve(t: Test, written: object, times: { timeoutMs?: number } = {}) {
  const probed = startProbing(t, probingConfig(written, { ...NEVER, ...times }))
  const { probing } = probed
  const app = createServer({
    page: async () => '',
    contentType: 'text/plain',
    ready: () => true,
    telemetryPath: '/metrics',
    version: '1.2.3',
    sources: () => [],
    probes: () => probing.summary,
    probe: { isUsed: () => probing.isUsed, ask: (request) => probeOnDemand(probing, request) },
    log: createLogger({ level: 'error', format: 'logfmt', stream: { write: () => undefined } }),
  })
  t.teardown(() => app.close())
  return { app, ...probed }
}

t.test('a backend is asked once, and the page says what came of it', async (t) => {
  const server = await startHealthServer(t)
  const { app, page } = await serve(t, { backends: [{ name: 'b1', probe: server.url }] })
  const answer = await app.inject('/probe?target=b1')
  t.equal(answer.statusCode, 200)
  t.match(answer.headers['content-type'], /^text\/plain; version=0\.0\.4/)
  t.equal(answer.headers['cache-control'], 'no-store')
  t.equal(server.asked, 1)
  const now = parsePage(answer.body)
  t.equal(total(now, 'probe_success'), 1)
  t.equal(total(now, 'probe_http_status_code'), 200)
  t.equal(total(now, 'probe_http_version'), 1.1)
  t.equal(total(now, 'probe_ip_protocol'), 4)
  t.equal(total(now, 'probe_failure'), 0)
  t.equal(now.get('probe_failure')?.samples.length, 5)
  t.ok((total(now, 'probe_duration_seconds') ?? 0) > 0)
  t.equal(total(now, 'probe_ssl_earliest_cert_expiry'), undefined, 'absent is not zero')
  t.equal(total(await page(), 'quic_lb_backend_probes_total'), 0, 'nothing of it is counted')
  t.equal(total(await page(), 'quic_lb_backend_up'), undefined)

  server.status = 500
  const failed = parsePage((await app.inject('/probe?target=b1&module=')).body)
  t.equal(total(failed, 'probe_success'), 0)
  t.equal(total(failed, 'probe_failure', { reason: 'status' }), 1)
  t.equal(total(failed, 'probe_failure'), 1)
  t.equal(total(failed, 'probe_http_status_code'), 500)
})

t.test('another module asks in another way, if it fits', async (t) => {
  const server = await startHealthServer(t)
  const port = await closedPort()
  const { app } = await serve(t, {
    backends: [
      { name: 'b1', probe: server.url },
      { name: 'tcp', probe: `tcp://127.0.0.1:${port}` },
    ],
    modules: [
      { name: 'text', expect_body: 'not there' },
      { name: 'tls', insecure_skip_verify: true },
    ],
  })
  const body = parsePage((await app.inject('/probe?target=b1&module=text')).body)
  t.equal(total(body, 'probe_failure', { reason: 'body' }), 1)
  for (const query of ['b1&module=tls', 'tcp&module=text']) {
    const answer = await app.inject(`/probe?target=${query}`)
    t.equal(answer.statusCode, 400, query)
    t.equal(answer.body, 'that module does not fit this target\n')
  }
  const refused = parsePage((await app.inject('/probe?target=tcp&module=default')).body)
  t.equal(total(refused, 'probe_failure', { reason: 'refused' }), 1)
  t.notOk(refused.has('probe_http_status_code'))
})

t.test(
  'a front door is asked by the rung that is named, else by the highest of its own',
  async (t) => {
    const port = await closedPort()
    const { app } = await serve(t, {
      targets: [{ name: 'front', address: `127.0.0.1:${port}`, probes: ['version_negotiation'] }],
    })
    for (const query of ['front', 'front&module=version_negotiation', 'front&module=initial']) {
      const answer = await app.inject(`/probe?target=${query}`)
      t.equal(answer.statusCode, 200)
      const now = parsePage(answer.body)
      t.equal(total(now, 'probe_failure', { reason: 'refused' }), 1, query)
      const hasClose = now
        .get('probe_failure')
        ?.samples.some(({ labels }) => labels.reason === 'close')
      t.equal(hasClose, query.endsWith('initial'), 'reasons of that rung')
    }
    const { statusCode, body } = await app.inject('/probe?target=front&module=default')
    t.equal(statusCode, 400)
    t.equal(body, "a front door's module is one of: version_negotiation, initial\n")
  },
)

t.test(
  'what is not configured is refused, without a connection and without a word of it',
  async (t) => {
    const server = await startHealthServer(t)
    const { app } = await serve(t, { backends: [{ name: 'b1', probe: server.url }] })
    const refuse = async (query: string, what = query) => {
      const { statusCode, body } = await app.inject(`/probe${query}`)
      t.equal(statusCode, 400, what)
      return body
    }
    const place = `127.0.0.1:${server.port}`
    for (const target of [
      'http://169.254.169.254/',
      server.url,
      place,
      'B1',
      'b1 ',
      'b1\0',
      'b2',
      '__proto__',
      'constructor',
      '<script>',
    ]) {
      const body = await refuse(`?target=${encodeURIComponent(target)}`)
      t.equal(body, 'target must be the name of something that is probed\n')
    }
    t.equal(
      await refuse('?target=b1&module=nope'),
      'module must be the name of a configured module\n',
    )
    t.equal(await refuse(''), 'give one target\n')
    t.equal(await refuse('?target='), 'give one target\n')
    t.equal(await refuse('?target=b1&target=b1'), 'give one target\n')
    t.equal(await refuse('?target=b1&module=a&module=b'), 'give one module at most\n')
    for (const debug of ['1', '', 'yes', 'true&debug=true']) {
      t.equal(await refuse(`?target=b1&debug=${debug}`), 'debug must be true or false\n')
    }
    await fc.assert(
      fc.asyncProperty(fc.webQueryParameters(), async (query) => {
        const { statusCode, body } = await app.inject(`/probe?${query}`)
        return statusCode === 400 && /^(give one|target must|debug must)/.test(body)
      }),
      { numRuns: 200 },
    )
    t.equal(server.connections, 0)
  },
)

t.test('a person sees how it went', async (t) => {
  const server = await startHealthServer(t)
  server.status = 404
  const { app } = await serve(t, { backends: [{ name: 'b1', probe: server.url }] })
  const { body, headers } = await app.inject('/probe?target=b1&debug=true')
  t.equal(headers['content-type'], 'text/plain; charset=utf-8')
  t.match(body, /^\d+\.\d{6} connected to 127\.0\.0\.1 port \d+$/m)
  t.match(body, /^\d+\.\d{6} status 404$/m)
  t.match(body, /^\d+\.\d{6} status: status 404, expected 200-299, 300-399$/m)
  t.match(body, /^probe_success 0$/m)
  t.notMatch((await app.inject('/probe?target=b1')).body, /connected to/)
})

t.test('the answer is there before the scrape is given up', async (t) => {
  const hole = await blackHole(t)
  const { app } = await serve(
    t,
    { backends: [{ name: 'hole', probe: `tcp://127.0.0.1:${hole}` }] },
    { timeoutMs: 30_000 },
  )
  const headers = { 'x-prometheus-scrape-timeout-seconds': '0.9' }
  const begun = performance.now()
  const { body, statusCode } = await app.inject({ url: '/probe?target=hole', headers })
  const tookMs = performance.now() - begun
  t.equal(statusCode, 200)
  t.equal(total(parsePage(body), 'probe_failure', { reason: 'timeout' }), 1)
  t.ok(tookMs > 400 && tookMs < 10_000, `${tookMs} ms`)
})

t.test('so many at once and no more', async (t) => {
  const hole = await blackHole(t)
  const { app } = await serve(
    t,
    { backends: [{ name: 'hole', probe: `tcp://127.0.0.1:${hole}` }] },
    { timeoutMs: 300 },
  )
  const ask = () => app.inject('/probe?target=hole')
  const answers = await Promise.all(Array.from({ length: 20 }, ask))
  const busy = answers.filter(({ statusCode }) => statusCode === 503)
  t.equal(busy.length, 4)
  for (const { body, headers } of busy) {
    t.equal(body, 'too many probes at once\n')
    t.equal(headers['retry-after'], '1')
  }
  t.equal((await ask()).statusCode, 200, 'a place is free again')
})

t.test('without anything that is probed there is no such path', async (t) => {
  const nothing = { sources: [{ paths: ['/nowhere'] }] }
  const { app, probing } = await serve(t, nothing)
  for (const method of ['GET', 'HEAD', 'POST'] as const) {
    t.equal((await app.inject({ url: '/probe?target=b1', method })).statusCode, 404, method)
  }
  const backends = [{ name: 'b1', probe: `tcp://127.0.0.1:${await closedPort()}` }]
  probing.change(probingConfig({ backends }, NEVER))
  t.equal((await app.inject('/probe?target=b1')).statusCode, 200, 'after a reload there is')
  const post = await app.inject({ url: '/probe?target=b1', method: 'POST' })
  t.equal(post.statusCode, 405)
  t.equal(post.headers.allow, 'GET, HEAD')
  const head = await app.inject({ url: '/probe?target=b1', method: 'HEAD' })
  t.equal(head.statusCode, 200)
  t.equal(head.body, '')
  probing.change(probingConfig(nothing, NEVER))
  t.equal((await app.inject('/probe?target=b1')).statusCode, 404)
})

t.test('the landing page says what is probed, and how to ask', async (t) => {
  const backends = [{ name: 'b1', probe: `tcp://127.0.0.1:${await closedPort()}` }]
  const { app } = await serve(t, { backends })
  const { body } = await app.inject('/')
  t.match(body, /<th scope="row">Backends<\/th><td>1 not known yet</)
  t.match(body, 'href="./probe"')
  const { app: other } = await serve(t, { sources: [{ paths: ['/srv'] }] })
  t.notMatch((await other.inject('/')).body, 'href="./probe"', 'nothing is probed')
})
