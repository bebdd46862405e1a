/** The compose file and the scripts, read by what they are written for; no engine is needed. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { peer, skipWithout } from './peers.ts'
import { run } from './processes.ts'
import { temporaryDirectory } from './workspace.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const FILE = join(ROOT, 'docker-compose.monitoring.yml')

const config = (t: Test, file: string, env: Readonly<Record<string, string>>, ...args: string[]) =>
  run(t, {
    program: peer('docker-compose'),
    args: ['--project-directory', ROOT, '--file', file, 'config', ...args],
    env,
  })

const CORE = ['alertmanager', 'exporter', 'grafana', 'prometheus']
const DEMO = ['b1', 'b2', 'b3', 'lb', 'mobile-network', 'phones', 'traffic']

t.test('compose takes the file', { skip: skipWithout('docker-compose') }, async (t) => {
  const services = async (env: Readonly<Record<string, string>>) => {
    const { code, stdout, stderr } = await config(t, FILE, env, '--format', 'json')
    t.equal(code, 0)
    t.equal(stderr, '')
    return JSON.parse(stdout).services
  }
  const live = await services({})
  t.same(Object.keys(live).sort(), CORE)
  t.same(live.exporter.command, ['--config.file=/etc/quic-lb-exporter/live/exporter.yml'])
  const demo = await services({ COMPOSE_PROFILES: 'demo' })
  t.same(Object.keys(demo).sort(), [...CORE, ...DEMO].sort())
  t.same(demo.exporter.command, ['--config.file=/etc/quic-lb-exporter/demo/exporter.yml'])
  const replay = await services({ COMPOSE_PROFILES: 'replay' })
  t.same(Object.keys(replay).sort(), [...CORE, 'player'].sort())
  t.equal(replay.player.network_mode, 'none')
})

t.test('settings of the environment', { skip: skipWithout('docker-compose') }, async (t) => {
  const env = { QUIC_LB_LOGS: '/srv/logs', GRAFANA_PORT: '13000', GRAFANA_ADMIN_PASSWORD: 'x y' }
  const { stdout } = await config(t, FILE, env, '--format', 'json')
  const { exporter, grafana } = JSON.parse(stdout).services
  const logs = exporter.volumes.find(
    ({ target }: { target: string }) => target === '/var/log/quic-lb',
  )
  t.match(logs, { type: 'bind', source: '/srv/logs', read_only: true })
  t.match(grafana.ports, [{ host_ip: '127.0.0.1', target: 3000, published: '13000' }])
  t.equal(grafana.environment.GF_SECURITY_ADMIN_PASSWORD, 'x y')
})

t.test(
  'compose refuses what it does not know',
  { skip: skipWithout('docker-compose') },
  async (t) => {
    const directory = await temporaryDirectory(t)
    const text = await readFile(FILE, 'utf8')
    const broken = join(directory, 'broken.yml')
    await writeFile(broken, text.replace('read_only: true', 'readonly: true'))
    const { code, stderr } = await config(t, broken, {}, '--quiet')
    t.not(code, 0)
    t.match(stderr, /readonly/)
  },
)

t.test('shellcheck is silent', { skip: skipWithout('shellcheck') }, async (t) => {
  const check = (...files: string[]) => run(t, { program: peer('shellcheck'), args: files })
  for (const name of ['start-monitoring.sh', 'stand-in-images.sh']) {
    const { code, stdout } = await check(join(ROOT, 'scripts', name))
    t.equal(stdout, '', name)
    t.equal(code, 0, name)
  }
  const directory = await temporaryDirectory(t)
  const careless = join(directory, 'careless.sh')
  await writeFile(careless, '#!/bin/sh\nrm -rf $1/*\n')
  t.equal((await check(careless)).code, 1)
})
