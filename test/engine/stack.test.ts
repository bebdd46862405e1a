/**
 * The stack really runs: `npm run test:engine`, where there is a Docker engine. Where images cannot
 * be fetched, scripts/stand-in-images.sh makes them first, all but Grafana's.
 */
import { spawnSync } from 'node:child_process'
import t from 'tap'
import { peer, skipWithout } from '../live/peers.ts'
import { run } from '../live/processes.ts'
import { until } from '../support/until.ts'
import { makeStack, type Stack, skipWithoutEngine } from './engine.ts'

const PATIENCE = { withinMs: 60_000, everyMs: 500 }
const GRAFANA = 'grafana/grafana:12.4.12'
const skip = skipWithoutEngine()
const noCurl = skip || skipWithout('curl')

const isHere = (image: string) =>
  spawnSync('docker', ['image', 'inspect', image], { stdio: 'ignore' }).status === 0
const more = skip || isHere(GRAFANA) ? [] : ['--without-grafana']
if (more.length > 0)
  console.error(`\n######## NOT TESTED: Grafana; there is no image ${GRAFANA} here\n`)

const atLeast = (stack: Stack, expression: string, least: number) =>
  until(expression, async () => ((await stack.query(expression)) ?? 0) >= least, PATIENCE)

t.test('the demo: built, started, healthy, hardened, measured, stopped', { skip }, async (t) => {
  const stack = await makeStack(t)
  const begun = performance.now()
  const { code, stdout, stderr } = await stack.start('demo', ...more)
  t.equal(code, 0, { stderr })
  t.comment(`built and healthy after ${Math.round((performance.now() - begun) / 1000)} s`)
  for (const port of Object.values(stack.ports)) t.match(stdout, `://localhost:${port}`)
  if (more.length === 0) t.match(stdout, 'WARNING: Grafana')

  const containers = await stack.containers()
  t.equal(containers.length, 11 - more.length)
  for (const name of containers) {
    const [one] = JSON.parse(await stack.docker('inspect', name))
    t.equal(one.State.Health?.Status, 'healthy', name)
    t.match(one.Config.User, /^[1-9]/, name)
    t.equal(one.HostConfig.ReadonlyRootfs, true, name)
    t.same(one.HostConfig.CapDrop, ['ALL'], name)
    const published = Object.values(one.HostConfig.PortBindings ?? {}).flat() as {
      HostIp: string
    }[]
    for (const { HostIp: address } of published) t.equal(address, '127.0.0.1', name)
    const written = await stack.docker('exec', name, 'sh', '-c', 'touch /x 2> /dev/null; echo $?')
    t.not(written, '0', name)
  }

  await atLeast(stack, 'up{job=~"quic-lb.*"} == 1', 1)
  await atLeast(stack, 'quic_connections_total{source="lb"}', 6)
  await atLeast(stack, 'quic_lb_requests_total{protocol="h3"}', 20)
  await atLeast(stack, 'quic_lb_requests_total{protocol="h2"}', 5)
  await atLeast(stack, 'quic_lb_requests_total{protocol="http/1.1"}', 5)
  await atLeast(stack, 'quic_lb_backend_up', 3)
  await atLeast(stack, 'quic_probe_success{target="front"}', 2)
  t.equal(await stack.query('quic_exporter_records_failed_total'), 0)

  const usage = await stack.docker(
    'stats',
    '--no-stream',
    '--format',
    '{{.Name}} {{.MemUsage}}',
    ...containers,
  )
  for (const line of usage.split('\n')) t.comment(line)

  await t.test('HTTP/3 from outside, through the published port', { skip: noCurl }, async (t) => {
    // Nobody else in the demo asks with this method.
    const asked = 'quic_lb_requests_by_method_total{method="OPTIONS"}'
    t.equal(await stack.query(asked), 0)
    const args = [
      '--silent',
      '--insecure',
      '--http3-only',
      '--request',
      'OPTIONS',
      '--output',
      '/dev/null',
    ]
    const url = `https://localhost:${stack.ports.balancer}/`
    for (let left = 3; left > 0; left -= 1) {
      const write = ['--write-out', '%{http_version} %{http_code}']
      const { stdout } = await run(t, { program: peer('curl'), args: [...args, ...write, url] })
      t.equal(stdout, '3 200')
    }
    await until(asked, async () => (await stack.query(asked)) === 3, PATIENCE)
  })

  const again = await stack.start('demo', ...more)
  t.equal(again.code, 0, 'what runs already is no trouble')
  const status = await stack.start('--status')
  t.match(status.stdout, /exporter +Up/)

  t.equal((await stack.start('--down')).code, 0)
  t.same(await stack.containers(), [])
  const volumes = await stack.docker('volume', 'ls', '--quiet')
  t.match(volumes, /quic-lb-test-.*_prometheus-data/, 'what was measured stays')
})

t.test('the replay, by a player without any network', { skip }, async (t) => {
  const stack = await makeStack(t)
  t.equal((await stack.start('replay', ...more)).code, 0)
  const player = (await stack.containers()).find((name) => name.includes('player')) ?? ''
  t.equal(await stack.docker('inspect', '--format', '{{.HostConfig.NetworkMode}}', player), 'none')
  for (const source of ['caddy', 'quiche', 'ngtcp2']) {
    await atLeast(stack, `quic_connections_total{source="${source}"}`, 1)
  }
  t.equal(await stack.query('quic_exporter_records_failed_total'), 0)
  t.equal((await stack.start('--down', '--volumes')).code, 0)
  t.notMatch(await stack.docker('volume', 'ls', '--quiet'), 'quic-lb-test-')
})
