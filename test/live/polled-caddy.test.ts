/** Caddy, asked as docs/proxies/caddy.md says: its failures are ours, through a kill -9, on TCP and on a socket. */
import { writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { until } from '../support/until.ts'
import { type Backend, startBackends } from './backends.ts'
import { curl } from './clients.ts'
import { peer, skipWithout } from './peers.ts'
import { ask, killNow, snippets, writeConfig } from './polled.ts'
import { freePort, start, untilSaid } from './processes.ts'
import { makeCertificate, SERVER_NAME, temporaryDirectory } from './workspace.ts'

const skip = skipWithout('caddy', 'curl', 'openssl')

/** Failures in force by Caddy's own word, by address; where it is asked as Node's `http.request` has it. */
function ownFails(where: object): Promise<ReadonlyMap<string, number>> {
  return new Promise((resolve, reject) => {
    const asked = request({ ...where, path: '/reverse_proxy/upstreams' }, (answer) => {
      let text = ''
      answer.on('data', (piece) => (text += piece))
      answer.on('end', () => {
        const list = JSON.parse(text) as { address: string; fails: number }[]
        resolve(new Map(list.map(({ address, fails }) => [address, fails])))
      })
    })
    asked.on('error', reject).end()
  })
}

/** What a test needs and an operator does not: no certificate authority of its own. */
const globals = (admin: string) => `{
	admin ${admin}
	auto_https off
	skip_install_trust
	persist_config off
	pki {
		ca local {
			name "unused"
		}
	}
}`

/** Caddy with the documented reverse proxy, its admin API elsewhere. */
async function startCaddy(
  t: Test,
  directory: string,
  admin: string,
  backends: readonly Backend[],
): Promise<number> {
  const port = await freePort()
  await makeCertificate(t, directory)
  const site = `https://${SERVER_NAME}:${port} {
	bind 127.0.0.1
	tls ${directory}/cert.pem ${directory}/key.pem`
  const [caddyfile = ''] = await snippets('caddy', 'caddyfile', [
    ...places(backends),
    // After three failures, which one request alone can make, it would not try b2 again for 30 s.
    ['max_fails 3', 'max_fails 100'],
    ['{\n\tadmin 127.0.0.1:2019\n}', globals(admin)],
    ['lb.example.com {', site],
  ])
  await writeFile(join(directory, 'Caddyfile'), caddyfile)
  const caddy = start(t, {
    program: peer('caddy'),
    args: ['run', '--config', 'Caddyfile', '--adapter', 'caddyfile'],
    cwd: directory,
    env: { HOME: directory },
  })
  await untilSaid(caddy, /serving initial configuration/)
  return port
}

function places(backends: readonly Backend[]): (readonly [string, string])[] {
  return backends.map(({ address }, index) => [`10.0.0.${index + 1}:8080`, address])
}

t.test('failed tries are counted once each', { skip }, async (t) => {
  const directory = await temporaryDirectory(t)
  const backends = await startBackends(t)
  const adminPort = await freePort()
  const port = await startCaddy(t, directory, `127.0.0.1:${adminPort}`, backends)
  const where = { host: '127.0.0.1', port: adminPort }
  const b2 = backends[1]
  const failed = async () => (await ownFails(where)).get(b2.address) ?? 0
  /** Requests until so many tries at b2 have failed; each is tried again elsewhere. */
  const untilFailed = (count: number) =>
    until(
      `${count} failures`,
      async () => {
        await curl(t, port, ['/item'])
        return (await failed()) >= count
      },
      { withinMs: 20_000 },
    )
  const config = await writeConfig(directory, 'caddy', [
    ...places(backends),
    ['127.0.0.1:2019', `127.0.0.1:${adminPort}`],
  ])
  const first = await ask(t, config)
  const counted = 'quic_lb_circuit_breaker_failures_total'
  await b2.kill()
  await untilFailed(1)
  const seen = await failed()
  await first.untilPage('the first failure', (page) => page.value(counted) === seen)
  await killNow(first)
  await untilFailed(seen + 1)
  const second = await ask(t, config)
  await untilFailed(3)
  const all = await failed()
  // 30 s have not passed: none has grown old.
  const page = await second.untilPage('all failures', (page) => page.value(counted) === all)
  t.equal(page.value(counted, { backend: 'b2' }), all)
  t.equal(page.value('quic_lb_backend_reported_up'), undefined, 'that it does not say')
  t.equal(page.value('quic_exporter_records_failed_total'), 0)
  t.equal(page.value('quic_exporter_source_up', { source: 'caddy-state' }), 1)
  t.notMatch(page.text, /127\.0\.0\.1/, 'no address')
  t.notMatch(second.running.stderr(), new RegExp(`:${adminPort}|${b2.address}`))
})

t.test('its socket admits the exporter', { skip }, async (t) => {
  const directory = await temporaryDirectory(t)
  const backends = await startBackends(t)
  const socketPath = join(directory, 'admin.sock')
  await startCaddy(t, directory, `unix/${socketPath}`, backends)
  t.equal((await ownFails({ socketPath, headers: { host: '' } })).size, 3)
  const config = await writeConfig(directory, 'caddy', [
    ...places(backends),
    ['http://127.0.0.1:2019', `unix:${socketPath}`],
  ])
  const exporter = await ask(t, config)
  const page = await exporter.untilPage(
    'an answer',
    (page) => page.value('quic_exporter_source_up') !== undefined,
  )
  t.equal(page.value('quic_exporter_source_up'), 1)
  t.equal(page.value('quic_exporter_polls_failed_total'), 0)
})
