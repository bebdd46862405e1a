/**
 * One backend is killed and revived behind a real balancer, under traffic. Clients, the balancer's own word, its
 * request log and our probes tell one story: docs/probes.md has it as a table.
 */
import { createWriteStream } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { until } from '../support/until.ts'
import { type Backend, startBackends } from './backends.ts'
import { type Exporter, type Page, startExporterWith } from './exporter.ts'
import { peer, skipWithout } from './peers.ts'
import { loggedAt, startTraffic, storyTable, type Traffic } from './probes-story.ts'
import { freePort, start, untilSaid } from './processes.ts'
import { startPrometheus } from './prometheus.ts'
import { promtoolComplaints } from './promtool.ts'
import { snippet } from './request-logs.ts'
import { makeCertificate, SERVER_NAME, temporaryDirectory } from './workspace.ts'

const UP = 'quic_lb_backend_up'
const REPORTED = 'quic_lb_backend_reported_up'
const PATIENCE = { withinMs: 30_000, everyMs: 50 }
/** On a busy machine everything may take longer, but not for ever. */
const SLACK_MS = 5000

interface Balancer {
  readonly name: string
  readonly port: number
  /** When the balancer's own log first said so after a time; Unix ms. */
  readonly saidAt: (
    backend: Backend,
    health: 'up' | 'down',
    after: number,
  ) => Promise<number | undefined>
  /** Sources of the exporter. */
  readonly sources: readonly object[]
}

/** HAProxy with the documented log-format. It tries nothing twice, so that its clients see what it sees. */
async function startHaproxy(
  t: Test,
  backends: readonly Backend[],
  directory: string,
): Promise<Balancer> {
  const port = await freePort()
  await makeCertificate(t, directory)
  const both = join(directory, 'both.pem')
  const parts = ['cert.pem', 'key.pem'].map((name) => readFile(join(directory, name), 'utf8'))
  await writeFile(both, (await Promise.all(parts)).join(''))
  const servers = backends.map(({ name, address }) => `    server ${name} ${address}`)
  await writeFile(
    join(directory, 'haproxy.cfg'),
    `
global
    log stdout format raw local0
    stats socket ${directory}/operator.sock mode 660 level operator
    stats socket ${directory}/user.sock mode 660 level user
defaults
    mode http
    timeout connect 1s
    timeout client 10s
    timeout server 10s
frontend fe
    log global
    bind 127.0.0.1:${port} ssl crt ${both} alpn http/1.1
    ${await snippet('haproxy', 'haproxy', [])}
    default_backend app
backend app
    log global
    balance roundrobin
    option httpchk GET /healthz
    retries 0
    default-server check inter 500ms fall 2 rise 2
${servers.join('\n')}
`,
  )
  const log = join(directory, 'haproxy.log')
  const haproxy = start(t, {
    program: peer('haproxy'),
    args: ['-db', '-f', 'haproxy.cfg'],
    cwd: directory,
  })
  const said: { readonly at: number; readonly line: string }[] = []
  haproxy.child.stdout?.pipe(createWriteStream(log))
  haproxy.child.stdout?.on('data', (piece: Buffer) => {
    for (const line of piece.toString().split('\n')) said.push({ at: Date.now(), line })
  })
  return {
    name: 'HAProxy',
    port,
    saidAt: async ({ name }, health, after) =>
      said.find(
        ({ at, line }) =>
          at >= after && line.includes(`Server app/${name} is ${health.toUpperCase()}`),
      )?.at,
    sources: [
      { name: 'haproxy', paths: [log], dialect: 'haproxy', start_at: 'beginning' },
      {
        name: 'haproxy-state',
        url: `unix:${directory}/operator.sock`,
        dialect: 'haproxy-stats',
        poll_interval: '1s',
      },
    ],
  }
}

/** Caddy with the documented log, likewise. */
async function startCaddy(
  t: Test,
  backends: readonly Backend[],
  directory: string,
): Promise<Balancer> {
  const [port, adminPort] = [await freePort(), await freePort()]
  await makeCertificate(t, directory)
  const log = join(directory, 'access.log')
  const site = `https://${SERVER_NAME}:${port} {
	bind 127.0.0.1
	tls ${directory}/cert.pem ${directory}/key.pem`
  const caddyfile = await snippet('caddy', 'caddyfile', [
    ...backends.map(({ address }, i) => [`10.0.0.${i + 1}:8080`, address] as const),
    ['/var/log/caddy/access.log', log],
    [
      '{\n\tlog health {',
      `{
	admin 127.0.0.1:${adminPort}
	auto_https off
	skip_install_trust
	persist_config off
	pki {
		ca local {
			name "unused"
		}
	}
	log health {`,
    ],
    ['lb.example.com {', site],
    ['lb_try_duration 1s', 'lb_policy round_robin'],
    ['health_interval 5s', 'health_interval 500ms\n\t\thealth_fails 2\n\t\thealth_passes 2'],
  ])
  await writeFile(join(directory, 'Caddyfile'), caddyfile)
  const caddy = start(t, {
    program: peer('caddy'),
    args: ['run', '--config', 'Caddyfile', '--adapter', 'caddyfile'],
    cwd: directory,
    env: { HOME: directory },
  })
  await untilSaid(caddy, /serving initial configuration/)
  return {
    name: 'Caddy',
    port,
    saidAt: async ({ address }, health, after) => {
      for (const line of (await readFile(log, 'utf8')).split('\n')) {
        if (!line.includes('health_checker') || !line.includes(address)) continue
        const { ts, msg } = JSON.parse(line) as { ts: number; msg: string }
        const isUp = msg === 'host is up'
        if (isUp === (health === 'up') && ts * 1000 >= after) return ts * 1000
      }
      return undefined
    },
    sources: [{ name: 'caddy', paths: [log], dialect: 'caddy', start_at: 'beginning' }],
  }
}

async function watch(t: Test, directory: string, config: object): Promise<Exporter> {
  const file = join(directory, 'exporter.yml')
  // JSON is YAML.
  await writeFile(file, JSON.stringify(config))
  return startExporterWith(t, ['--config.file', file])
}

const aliasesOf = ({ name, address }: Backend) => [`app/${name}`, address]

for (const [name, startBalancer] of [
  ['haproxy', startHaproxy],
  ['caddy', startCaddy],
] as const) {
  const skip = skipWithout(name, 'openssl')
  t.test(`one backend killed and revived behind ${name}: one story`, { skip }, async (t) => {
    const directory = await temporaryDirectory(t)
    const backends = await startBackends(t)
    const balancer = await startBalancer(t, backends, directory)
    const exporter = await watch(t, directory, {
      sources: balancer.sources,
      backends: backends.map((backend) => ({
        name: backend.name,
        aliases: aliasesOf(backend),
        probe: `http://${backend.address}/healthz`,
      })),
      probes: { interval: '1s', timeout: '500ms', rise: 2, fall: 2 },
    })
    const traffic = startTraffic(t, balancer.port)
    const areUp = (page: Page) => page.value(UP) === 3
    await exporter.untilPage('all to be up', areUp)
    await until('b2 to answer', () => served(traffic, 'b2', 0), PATIENCE)

    const [, b2] = backends
    const killedAt = Date.now()
    await b2.kill()
    const down = await seen(exporter, balancer, b2, 'down', killedAt)
    const isDown = (page: Page) => page.value(UP, { backend: 'b2' }) === 0 && isReported(page, 0)
    await exporter.untilPage('both to say that b2 is down', isDown)

    const revivedAt = Date.now()
    await b2.revive()
    const up = await seen(exporter, balancer, b2, 'up', revivedAt)
    const isUp = (page: Page) => page.value(UP, { backend: 'b2' }) === 1 && isReported(page, 1)
    await exporter.untilPage('both to say that b2 is up', isUp)
    const servedAt = await until(
      'b2 to answer again',
      () => served(traffic, 'b2', revivedAt),
      PATIENCE,
    )
    await traffic.stop()

    const { visits } = traffic
    const errors = visits.filter(({ status }) => status !== 200)
    const page = await exporter.untilPage(
      'all requests',
      (page) => page.value('quic_lb_requests_total') === visits.length,
    )
    t.ok(errors.length > 0, `${errors.length} of ${visits.length} clients saw an error`)
    t.equal(page.value('quic_lb_requests_total', { code: '5xx' }), errors.length, 'each is logged')
    const [first, last] = [errors[0]?.at ?? 0, errors.at(-1)?.at ?? 0]
    t.ok(first >= killedAt - 1000, 'no error before')
    t.ok(last <= down.reported + SLACK_MS && last < revivedAt, 'none once the balancer knows')
    t.ok(down.probed - killedAt >= 800, 'two probes in a row take one interval at least')
    for (const at of [down.reported, down.probed]) t.ok(at - killedAt < 3000 + SLACK_MS)
    for (const at of [up.reported, up.probed]) t.ok(at - revivedAt < 3000 + SLACK_MS)
    t.ok(servedAt > revivedAt)
    for (const state of ['down', 'up']) {
      const changes = page.value('quic_lb_backend_transitions_total', { state })
      t.equal(changes, 1, `one change to ${state}, of b2`)
    }
    t.ok((page.value('quic_lb_backend_probes_failed_total', { backend: 'b2' }) ?? 0) >= 2)
    const others = ['b1', 'b3'].map((backend) => ({ backend }))
    for (const other of others) t.equal(page.value('quic_lb_backend_probes_failed_total', other), 0)
    const rows = storyTable(balancer.name, {
      'b2 is killed': killedAt,
      'the first client gets an error': first,
      [`${balancer.name} says that b2 is down`]: down.reported,
      'the last client got an error': last,
      'our probe: b2 is down': down.probed,
      'b2 is revived': revivedAt,
      [`${balancer.name} says that b2 is up`]: up.reported,
      'our probe: b2 is up': up.probed,
      'b2 serves a client again': servedAt,
    })
    t.comment([`${errors.length} errors of ${visits.length} requests`, ...rows].join('\n'))
  })
}

/** When a backend last answered after a time. */
function served({ visits }: Traffic, backend: string, after: number): number | undefined {
  return visits.find((visit) => visit.backend === backend && visit.at > after)?.at
}

/** What all sources that say anything of b2 say of it. */
function isReported(page: Page, value: number): boolean {
  const lines = [...page.text.matchAll(/^quic_lb_backend_reported_up\{(.*)\} (\d)$/gm)]
  const ofB2 = lines.filter(([, labels]) => labels?.includes('backend="b2"'))
  return ofB2.length > 0 && ofB2.every(([, , written]) => Number(written) === value)
}

async function seen(
  exporter: Exporter,
  balancer: Balancer,
  backend: Backend,
  health: 'up' | 'down',
  after: number,
): Promise<{ readonly reported: number; readonly probed: number }> {
  const reported = await until(
    `${balancer.name} to say ${health}`,
    () => balancer.saidAt(backend, health, after),
    PATIENCE,
  )
  const probed = await until(
    `our probe to say ${health}`,
    () => loggedAt(exporter, backend.name, health, after),
    PATIENCE,
  )
  return { reported, probed }
}

const skip = skipWithout('haproxy', 'openssl', 'prometheus', 'promtool')
t.test('what HAProxy names is probed, and one query shows a disagreement', { skip }, async (t) => {
  const directory = await temporaryDirectory(t)
  const backends = await startBackends(t)
  const { sources } = await startHaproxy(t, backends, directory)
  const [, state] = sources
  const discovery = { discover: true, discover_probe: 'http://*/item' }
  const exporter = await watch(t, directory, {
    sources: [
      { ...state, ...discovery },
      { ...state, name: 'as-user', url: `unix:${directory}/user.sock`, ...discovery },
    ],
    backends: backends.map((backend) => ({ name: backend.name, aliases: aliasesOf(backend) })),
    probes: { interval: '1s', timeout: '500ms', rise: 2, fall: 2 },
  })
  const isProbed = (page: Page) => page.value(UP) === 3 && page.value(REPORTED) === 6
  const page = await exporter.untilPage('all to be up', isProbed)
  t.equal(page.value('quic_exporter_discovered_backends', { source: 'haproxy-state' }), 3)
  t.equal(page.value('quic_exporter_discovered_backends', { source: 'as-user' }), 0)
  const refused = { source: 'as-user', reason: 'address' }
  t.equal(
    page.value('quic_exporter_discovered_backends_refused', refused),
    3,
    'to level user HAProxy tells no addresses',
  )

  t.equal(await promtoolComplaints(t, page.text), '', 'promtool has nothing to say')
  const probed = await (await fetch(`http://${exporter.address}/probe?target=b1`)).text()
  t.match(probed, /^probe_success 1$/m)
  t.equal(await promtoolComplaints(t, probed), '')

  const prometheus = await startPrometheus(t, exporter.address)
  const own = `${REPORTED}{source="haproxy-state"}`
  const query = `count(${own} != on (job, instance, backend) group_left () ${UP})`
  const isScraped = async () => (await prometheus.query(`count(${UP})`)) === 3
  await until('a scrape', isScraped, PATIENCE)
  t.equal(await prometheus.query(query), undefined, 'both agree')
  // Its health check fails, what clients ask for does not.
  backends[1].failChecks(1_000_000)
  const disagree = async () => (await prometheus.query(query)) === 1
  await until('the disagreement', disagree, PATIENCE)
  const which = `${own} != on (job, instance, backend) group_left () ${UP}`
  t.equal(await prometheus.query(`${which} and on (backend) ${UP}{backend="b2"} == 1`), 0)
  backends[1].failChecks(0)
  const agree = async () => (await prometheus.query(query)) === undefined
  await until('both to agree again', agree, PATIENCE)
})
