/** HAProxy's request log, configured as docs/proxies/haproxy.md says: clients, backends and HAProxy agree. */
import { createWriteStream } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { startRelay } from '../../scripts/udp-relay/relay.ts'
import { until } from '../support/until.ts'
import { type Backend, startBackends } from './backends.ts'
import { curl } from './clients.ts'
import { parsePage } from './exporter.ts'
import { peer, skipWithout } from './peers.ts'
import { freePort, start } from './processes.ts'
import {
  answers,
  classOf,
  each,
  get,
  only,
  plus,
  reported,
  scenario,
  snippet,
  table,
  tally,
  watch,
} from './request-logs.ts'
import { makeCertificate, temporaryDirectory } from './workspace.ts'

const skip = skipWithout('haproxy', 'curl', 'openssl')

/** HAProxy with the documented log-format, in front of the backends; its log is its standard output. */
async function startHaproxy(t: Test, backends: readonly Backend[]) {
  const directory = await temporaryDirectory(t)
  const [port, metricsPort] = [await freePort(), await freePort()]
  await makeCertificate(t, directory)
  const both = join(directory, 'both.pem')
  const parts = ['cert.pem', 'key.pem'].map((name) => readFile(join(directory, name), 'utf8'))
  await writeFile(both, (await Promise.all(parts)).join(''))
  const servers = backends.map(({ name, address }) => `    server ${name} ${address}`)
  const configuration = `
global
    log stdout format raw local0
defaults
    mode http
    timeout connect 1s
    timeout client 10s
    timeout server 10s
frontend fe
    log global
    bind quic4@127.0.0.1:${port} ssl crt ${both} alpn h3
    bind 127.0.0.1:${port} ssl crt ${both} alpn h2,http/1.1
    ${await snippet('haproxy', 'haproxy', [])}
    default_backend app
backend app
    log global
    balance roundrobin
    option abortonclose
    option httpchk GET /healthz
    option redispatch 1
    retries 2
    default-server check inter 200ms fall 2 rise 2
${servers.join('\n')}
frontend metrics
    bind 127.0.0.1:${metricsPort}
    http-request use-service prometheus-exporter
`
  await writeFile(join(directory, 'haproxy.cfg'), configuration)
  const log = join(directory, 'haproxy.log')
  const haproxy = start(t, {
    program: peer('haproxy'),
    args: ['-db', '-f', 'haproxy.cfg'],
    cwd: directory,
  })
  const file = createWriteStream(log)
  haproxy.child.stdout?.pipe(file)
  haproxy.child.stderr?.pipe(file)
  const own = async () =>
    parsePage(await get(`http://127.0.0.1:${metricsPort}/metrics?extra-counters`))
  const listens = () => {
    if (!haproxy.isRunning()) throw new Error(`HAProxy ended: ${haproxy.stderr()}`)
    return own().catch(() => undefined)
  }
  await until('HAProxy to listen', listens, { withinMs: 15_000 })
  const exporter = await watch(t, directory, 'haproxy', [['/var/log/haproxy.log', log]])
  return { port, own, exporter }
}

t.test('requests and health are those of clients, backends and HAProxy', { skip }, async (t) => {
  const backends = await startBackends(t)
  const { port, own, exporter } = await startHaproxy(t, backends)
  const { asked, givenUp, brokenOff } = await scenario(t, port, backends, {
    down: reported(exporter, 0),
    up: reported(exporter, 1),
  })
  const count = asked.length + 6
  const page = await exporter.untilPage(
    'all requests',
    (page) => page.value('quic_lb_requests_total') === count,
  )
  const seen = (name: string, ...labels: string[]) => table(page, name, ...labels)
  const clients = tally(asked.map(({ protocol, status }) => `${protocol} ${classOf(status)}`))
  t.same(
    seen('quic_lb_requests_total', 'protocol', 'code'),
    plus(clients, each(givenUp, '4xx'), each(brokenOff, '2xx')),
    'as many as the clients asked, by protocol and status',
  )
  t.same(
    seen('quic_lb_requests_aborted_total', 'protocol', 'initiator'),
    plus(each(givenUp, 'client'), each(brokenOff, 'server')),
    'those that broke off',
  )
  const truth = await own()
  t.same(
    each(seen('quic_lb_requests_total', 'code'), 'fe'),
    only(table(truth, 'haproxy_frontend_http_responses_total', 'code', 'proxy'), (key) =>
      key.endsWith(' fe'),
    ),
    'as many as HAProxy counts for its frontend',
  )
  const told = seen('quic_lb_backend_requests_total', 'backend', 'code')
  const answered = (key: string) => /[24]xx$/.test(key)
  t.same(
    only(told, answered),
    only(answers(backends), answered),
    'as many as the backends answered',
  )
  t.same(
    only(told, answered),
    only(table(truth, 'haproxy_server_http_responses_total', 'server', 'code'), answered),
    'as many as HAProxy counts for each server',
  )
  t.equal(
    page.value('quic_lb_retries_total'),
    (truth.value('haproxy_backend_retry_warnings_total', { proxy: 'app' }) ?? 0) +
      (truth.value('haproxy_backend_redispatch_warnings_total', { proxy: 'app' }) ?? 0),
    'tries after the first',
  )
  t.ok((page.value('quic_lb_retries_total') ?? 0) > 0)
  t.equal(page.value('quic_lb_client_rtt_seconds_count'), count)
  t.equal(page.value('quic_exporter_records_failed_total'), 0)
  t.equal(page.value('quic_exporter_values_rejected_total'), 0)
})

t.test('packets lost towards QUIC clients are those that HAProxy counts', { skip }, async (t) => {
  const { port, own, exporter } = await startHaproxy(t, await startBackends(t))
  const relay = await startRelay({
    serverPort: port,
    up: { delayMs: 5 },
    down: { delayMs: 5, bytesPerSecond: 2_000_000, loss: 0.02 },
  })
  t.teardown(() => relay.close())
  const paths = ['/bytes/400000', '/bytes/400000', '/slow/700', '/bytes/300000', '/slow/700']
  const connections = 3
  for (let one = 0; one < connections; one += 1) await curl(t, relay.port, paths)
  const requests = paths.length * connections
  const page = await exporter.untilPage(
    'all requests',
    (page) => page.value('quic_lb_requests_total') === requests,
  )
  const { down } = await relay.close()
  const truth = (await own()).value('haproxy_frontend_quic_lost_pkt', { proxy: 'fe' }) ?? 0
  const lost = page.value('quic_lb_client_lost_packets_total') ?? 0
  t.comment(`relay dropped ${down.lost}, HAProxy declared ${truth}, its log told ${lost}`)
  t.ok(down.lost > 10, 'the path did lose packets')
  // What is lost with the end of a connection is declared after its last line.
  t.ok(lost <= truth && lost >= truth - 2 * connections, `log ${lost}, counter ${truth}`)
  t.equal(page.value('quic_lb_client_rtt_seconds_count', { protocol: 'h3' }), requests)
  const mean = (page.value('quic_lb_client_rtt_seconds_sum') ?? 0) / requests
  t.ok(mean >= 0.008 && mean < 0.5, `mean RTT ${mean} s behind 5 ms each way`)
})
