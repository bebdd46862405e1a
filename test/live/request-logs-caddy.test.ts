/** Caddy's request log, configured as docs/proxies/caddy.md says: clients, backends and Caddy agree with us. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type Backend, startBackends } from './backends.ts'
import { parsePage } from './exporter.ts'
import { peer, skipWithout } from './peers.ts'
import { freePort, start, untilSaid } from './processes.ts'
import {
  answers,
  ask,
  classOf,
  each,
  get,
  only,
  places,
  plus,
  reported,
  scenario,
  snippet,
  table,
  tally,
  watch,
} from './request-logs.ts'
import { makeCertificate, SERVER_NAME, temporaryDirectory } from './workspace.ts'

const skip = skipWithout('caddy', 'curl', 'openssl')

/** What a test needs and an operator does not: no certificate authority of its own, its metrics. */
const globals = (adminPort: number) => `{
	admin 127.0.0.1:${adminPort}
	auto_https off
	skip_install_trust
	persist_config off
	metrics
	pki {
		ca local {
			name "unused"
		}
	}
	log health {`

/** Caddy as documented but for these settings of its health checker, and our exporter on its log. */
async function startBalancer(t: Test, backends: readonly Backend[], checks: string) {
  const directory = await temporaryDirectory(t)
  const [port, adminPort] = [await freePort(), await freePort()]
  await makeCertificate(t, directory)
  const log = join(directory, 'access.log')
  const moved = ['/var/log/caddy/access.log', log] as const
  const caddyfile = await snippet('caddy', 'caddyfile', [
    ...places(backends),
    moved,
    ['{\n\tlog health {', globals(adminPort)],
    [
      'lb.example.com {',
      `https://${SERVER_NAME}:${port} {\n\tbind 127.0.0.1\n\ttls ${directory}/cert.pem ${directory}/key.pem`,
    ],
    ['health_interval 5s', checks],
  ])
  await writeFile(join(directory, 'Caddyfile'), caddyfile)
  const caddy = start(t, {
    program: peer('caddy'),
    args: ['run', '--config', 'Caddyfile', '--adapter', 'caddyfile'],
    cwd: directory,
    env: { HOME: directory },
  })
  await untilSaid(caddy, /serving initial configuration/)
  const exporter = await watch(t, directory, 'caddy', [...places(backends), moved])
  return { port, adminPort, exporter }
}

t.test(
  'requests, tries and health are those of clients, backends and Caddy',
  { skip },
  async (t) => {
    const backends = await startBackends(t)
    const { port, adminPort, exporter } = await startBalancer(t, backends, 'health_interval 1s')
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
    // Over HTTP/3 Caddy may take a client's leaving for a failed try, and tries on until it answers 5xx.
    const noticed =
      seen('quic_lb_requests_aborted_total', 'protocol', 'initiator')['h3 client'] ?? 0
    const unnoticed = 1 - noticed
    t.comment(`Caddy noticed ${noticed} of 1 clients that left over HTTP/3`)
    t.same(
      seen('quic_lb_requests_total', 'protocol', 'code'),
      plus(
        clients,
        each({ ...givenUp, h3: noticed }, 'other'),
        each({ h3: unnoticed }, '5xx'),
        each(brokenOff, '2xx'),
      ),
      'as many as the clients asked, by protocol and status',
    )
    t.same(
      seen('quic_lb_requests_aborted_total', 'protocol', 'initiator'),
      plus(each({ ...givenUp, h3: noticed }, 'client'), each(brokenOff, 'unknown')),
    )
    const halves = Object.values(brokenOff).reduce((sum, n) => sum + n, 0)
    const own = parsePage(await get(`http://127.0.0.1:${adminPort}/metrics`))
    t.equal(
      (page.value('quic_lb_requests_total') ?? 0) - halves,
      own.value('caddy_http_requests_total', { handler: 'subroute' }),
      "as many as Caddy's own counter has, which leaves out what was broken off",
    )

    // Broken off: Caddy names no backend.
    const answered = only(answers(backends), (key) => !key.endsWith('5xx'))
    const told = only(seen('quic_lb_backend_requests_total', 'backend', 'code'), (key) =>
      /[24]xx$/.test(key),
    )
    const sum = (counts: Record<string, number>) =>
      Object.values(counts).reduce((all, one) => all + one, 0)
    t.equal(sum(told), sum(answered) - halves, 'as many as the backends answered')
    t.same(
      told,
      tally(
        asked
          .filter(({ status, backend }) => backend !== '' && status < 500)
          .map(({ status, backend }) => `${backend} ${classOf(status)}`),
      ),
      'by the backend that the clients were told',
    )
    const unanswered = asked.filter(({ status, backend }) => status >= 500 && backend === '')
    t.equal(unanswered.length, 6, 'clients were told of no backend')
    t.equal(
      (page.value('quic_lb_requests_without_backend_total') ?? 0) +
        (seen('quic_lb_backend_requests_total', 'code')['5xx'] ?? 0) -
        asked.filter(({ status, backend }) => status >= 500 && backend !== '').length,
      unanswered.length + unnoticed,
      'no backend could take it, or the last that was tried could not',
    )
    t.ok((page.value('quic_lb_retries_total') ?? 0) > 0, 'b2 was dead and another was tried')
    t.equal(page.value('quic_exporter_records_failed_total'), 0)
    t.equal(page.value('quic_exporter_events_unknown_total'), 0)
    t.equal(page.value('quic_exporter_values_rejected_total'), 0)
    t.equal((await ask(t, port, 'h3', ['/item']))[0]?.status, 200)
  },
)

t.test(
  'a failed check that takes nothing out is over with the next request',
  { skip },
  async (t) => {
    const backends = await startBackends(t)
    const checks = 'health_interval 500ms\n\t\thealth_fails 3'
    const { port, exporter } = await startBalancer(t, backends, checks)
    const name = 'quic_lb_backend_reported_up'
    backends[1].failChecks(1)
    const page = await exporter.untilPage(
      'the failed check',
      (page) => page.value(name, { backend: 'b2' }) === 0,
    )
    t.equal(page.value('quic_exporter_events_total', { event: 'host_is_up' }), 0)
    const answered = await ask(t, port, 'h3', [
      '/item',
      '/item',
      '/item',
      '/item',
      '/item',
      '/item',
    ])
    t.ok(
      answered.some(({ backend }) => backend === 'b2'),
      'Caddy never took it out',
    )
    const after = await exporter.untilPage(
      'the request',
      (page) => page.value(name, { backend: 'b2' }) === 1,
    )
    t.equal(
      after.value('quic_exporter_events_total', { event: 'host_is_up' }),
      0,
      'it never says so',
    )
    t.equal(after.value('quic_exporter_events_total', { event: 'health_check_failed' }), 1)
  },
)
