/** scripts/start-monitoring.sh where it cannot start: what it says, and what it offers instead. */
import { spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'

const SCRIPT = fileURLToPath(new URL('../scripts/start-monitoring.sh', import.meta.url))
/** All that it needs to say what is missing. */
const TOOLS = ['awk', 'bash', 'cat', 'dirname', 'grep', 'head', 'sed', 'tail']

const which = (tool: string) =>
  (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, tool))
    .find((path) => existsSync(path))

/** A folder with these programs of this machine and no others. */
function pathOf(t: Test, tools: readonly string[]): string {
  const folder = t.testdir({})
  for (const tool of tools) {
    const path = which(tool)
    if (path !== undefined) symlinkSync(path, join(folder, tool))
  }
  return folder
}

function run(args: readonly string[], env: Readonly<Record<string, string>>) {
  // An engine that may be there is none of this test's business.
  const nowhere = { DOCKER_HOST: 'unix:///nowhere/docker.sock' }
  const { status, stdout, stderr } = spawnSync('bash', [SCRIPT, ...args], {
    env: { PATH: process.env.PATH, ...nowhere, ...env },
    encoding: 'utf8',
    timeout: 20_000,
  })
  return { status, stdout, stderr }
}

/** A port of 127.0.0.1 that this process listens on until the test ends. */
async function takenPort(t: Test): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  return String((server.address() as AddressInfo).port)
}

t.test('no client: said, and the way without containers', async (t) => {
  const { status, stdout, stderr } = run(['demo'], { PATH: pathOf(t, TOOLS) })
  t.equal(status, 1)
  t.equal(stdout, '')
  t.match(stderr, /cannot start:\n {2}- the client "docker" is not installed\n/)
  t.match(stderr, 'npm ci && npm run demo')
})

t.test('every problem is a line of the same list, whatever was asked', async (t) => {
  const folder = pathOf(t, TOOLS)
  const client = '#!/bin/sh\n[ "$1" = compose ] || echo no engine here >&2\nexit 1\n'
  writeFileSync(join(folder, 'docker'), client, { mode: 0o755 })
  const env = { PATH: folder }
  const problems =
    /:\n {2}- Compose v2 is missing: .+\n {2}- no Docker engine answers: no engine here; .+\n/
  t.match(
    run(['replay'], env).stderr,
    new RegExp(`^start-monitoring: cannot start${problems.source}`),
  )
  for (const flag of ['--status', '--logs', '--down']) {
    const { status, stderr } = run([flag], env)
    t.equal(status, 1, flag)
    t.match(stderr, new RegExp(`^start-monitoring: cannot do ${flag}${problems.source}$`), flag)
  }
})

t.test('the way without containers: qlog is below the logs, if these are there', async (t) => {
  const folder = pathOf(t, TOOLS)
  const env = { PATH: folder }
  const hint = (QUIC_LB_LOGS?: string) =>
    /npm start -- --qlog-dir (.+)\n/.exec(
      run([], QUIC_LB_LOGS === undefined ? env : { ...env, QUIC_LB_LOGS }).stderr,
    )?.[1]
  const there = join(folder, 'logs')
  mkdirSync(join(there, 'two words'), { recursive: true })
  t.equal(hint(there), `${there}/qlog`)
  t.equal(hint(`${there}/`), `${there}/qlog`)
  t.equal(hint(`${there}/two words`), `${there}/two\\ words/qlog`)
  for (const none of [undefined, '', '/nowhere/logs', 'logs']) t.equal(hint(none), 'DIRECTORY')
})

t.test(
  'a client without an engine',
  { skip: !which('docker') && 'no docker client' },
  async (t) => {
    const { status, stderr } = run([], { QUIC_LB_LOGS: t.testdir({}) })
    t.equal(status, 1)
    t.match(stderr, /no Docker engine answers: .*nowhere.*; start it: sudo systemctl start docker/)
    for (const flag of ['--status', '--logs', '--down']) {
      const { status, stderr } = run([flag], {})
      t.equal(status, 1, flag)
      t.match(stderr, 'no Docker engine answers', flag)
    }
  },
)

t.test('a client without compose', { skip: !which('docker') && 'no docker client' }, async (t) => {
  const config = t.testdir({})
  const hasCompose = spawnSync('docker', ['compose', 'version'], {
    env: { PATH: process.env.PATH, DOCKER_CONFIG: config },
  })
  const { stderr } = run(['demo'], { DOCKER_CONFIG: config })
  // Where it is installed for all users it cannot be hidden.
  t.equal(/Compose v2 is missing/.test(stderr), hasCompose.status !== 0)
})

t.test('a taken port: by which process', async (t) => {
  const port = await takenPort(t)
  const tools = [...TOOLS, 'ps', 'ss', 'lsof']
  const { status, stderr } = run(['replay'], { PATH: pathOf(t, tools), PROMETHEUS_PORT: port })
  t.equal(status, 1)
  const [line = ''] = stderr.split('\n').filter((one) => one.includes(`port ${port}/tcp`))
  t.match(line, `PROMETHEUS_PORT=${Number(port) + 10_000} `)
  if (which('ss') || which('lsof')) t.match(line, `is taken by process ${process.pid} (`)
  else t.match(line, /taken by something/)
})

t.test('a taken port, and nobody to ask whose', async (t) => {
  const port = await takenPort(t)
  const { stderr } = run(['replay'], { PATH: pathOf(t, TOOLS), EXPORTER_PORT: port })
  t.match(
    stderr,
    `port ${port}/tcp is taken by something (neither ss nor lsof is here to tell what)`,
  )
})

t.test(
  'the UDP port of the balancer counts for the demo alone',
  { skip: !which('ss') && 'no ss' },
  async (t) => {
    const socket = createSocket('udp4').bind(0, '127.0.0.1')
    t.teardown(() => socket.close())
    await once(socket, 'listening')
    const port = String(socket.address().port)
    const env = { PATH: pathOf(t, [...TOOLS, 'ss']), LB_PORT: port }
    t.match(run(['demo'], env).stderr, `port ${port}/udp is taken by process ${process.pid};`)
    t.notMatch(run(['replay'], env).stderr, `port ${port}`)
  },
)

t.test('Grafana that is not wanted needs no port', async (t) => {
  const port = await takenPort(t)
  const env = { PATH: pathOf(t, TOOLS), GRAFANA_PORT: port }
  t.match(run(['demo'], env).stderr, `port ${port}/tcp`)
  t.notMatch(run(['demo', '--without-grafana'], env).stderr, `port ${port}`)
})

t.test('a place of logs that is none', async (t) => {
  const env = { PATH: pathOf(t, TOOLS) }
  const missing = run([], { ...env, QUIC_LB_LOGS: '/nowhere/logs' })
  t.match(missing.stderr, 'QUIC_LB_LOGS: there is no directory /nowhere/logs')
  const relative = run([], { ...env, QUIC_LB_LOGS: 'logs' })
  t.match(relative.stderr, 'QUIC_LB_LOGS: logs is no absolute path')
  t.notMatch(run(['demo'], { ...env, QUIC_LB_LOGS: 'logs' }).stderr, 'QUIC_LB_LOGS')
})

t.test('help, and wrong command lines', async (t) => {
  const help = run(['--help'], {})
  t.equal(help.status, 0)
  t.match(help.stdout, /^usage: start-monitoring\.sh \[live \| demo \| replay\]/)
  for (const args of [['--bogus'], ['demo', 'replay'], ['demo', '--down'], ['production']]) {
    const { status, stdout, stderr } = run(args, {})
    t.equal(status, 2, args.join(' '))
    t.equal(stdout, '')
    t.match(stderr, /^start-monitoring: .+\n\nusage: /)
  }
  // Before anything is said of an engine: these are wrong with any.
  const env = { PATH: pathOf(t, TOOLS) }
  const first = (...args: string[]) => run(args, env).stderr.split('\n')[0]
  t.match(first('--down', 'foo'), '--down takes --volumes only, not foo')
  t.match(first('--status', 'foo'), '--status takes no foo')
  t.match(first('live', '--status'), '--status stands alone')
})
