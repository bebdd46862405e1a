/** The programs of the demo stack, as their containers start them. */
import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { milliseconds } from '../scripts/stack/duration.ts'
import { freePort } from './live/processes.ts'
import { until } from './support/until.ts'

const PATIENCE = { withinMs: 20_000 }
const program = (name: string) =>
  fileURLToPath(new URL(`../scripts/stack/${name}.ts`, import.meta.url))

/** Starts a program and waits until it says that it serves; the end of the test stops it. */
async function start(t: Test, name: string, ...args: string[]) {
  const child = spawn(process.execPath, [program(name), ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text) => (said += text))
  const ended = once(child, 'close').then(([code, signal]) => code ?? signal)
  const stop = () => {
    child.kill('SIGTERM')
    return ended
  }
  t.teardown(stop)
  const isReady = () => child.exitCode !== null || /^(\S+ serves|to \S+|plays into)/m.test(said)
  await until(`${name} to begin`, isReady, PATIENCE)
  if (child.exitCode !== null) throw new Error(said)
  return { stop }
}

const ask = async (port: number, path: string) => {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`)
  return { status: answer.status, text: await answer.text() }
}

t.test('a backend answers under its name, and ends when told to', async (t) => {
  const port = await freePort()
  const { stop } = await start(t, 'backend', 'b7', '--port', `${port}`)
  t.same(await ask(port, '/healthz'), { status: 200, text: 'ok\n' })
  const { text } = await ask(port, '/course/view')
  t.match(text, /^(b7\n)+$/)
  t.ok((await ask(port, '/files/lecture.pdf')).text.length > 20 * 8_000)
  t.equal(await stop(), 0)
})

t.test('a backend that is out of order says so to everybody', async (t) => {
  const port = await freePort()
  await start(t, 'backend', 'b7', '--port', `${port}`, '--outage', '1m', '--every', '1m')
  for (const path of ['/healthz', '/course/view']) {
    t.equal((await ask(port, path)).status, 503, path)
  }
})

t.test('a phone moves, and what is sent arrives, later', async (t) => {
  const server = createSocket('udp4').bind(0, '127.0.0.1')
  await once(server, 'listening')
  const seen = new Set<number>()
  server.on('message', (datagram, { port, address }) => {
    seen.add(port)
    server.send(datagram, port, address)
  })
  const phone = createSocket('udp4')
  const took: number[] = []
  phone.on('message', (datagram) => took.push(performance.now() - Number(datagram)))
  t.teardown(() => {
    server.close()
    phone.close()
  })
  const [listen, health] = [await freePort(), await freePort()]
  const to = `127.0.0.1:${server.address().port}`
  const ports = ['--listen', `${listen}`, '--health', `${health}`]
  const { stop } = await start(t, 'mobile-network', '--server', to, ...ports, '--stay', '1s')
  await until(
    'a second port',
    () => {
      phone.send(`${performance.now()}`, listen, '127.0.0.1')
      return seen.size > 1 && took.length > 5
    },
    PATIENCE,
  )
  // There and back, each held for 15 ms; a timer may be a little early.
  t.ok(Math.min(...took) >= 28, `${Math.min(...took)} ms`)
  const truth = JSON.parse((await ask(health, '/')).text)
  t.ok(truth.up.arrived >= truth.up.delivered && truth.down.delivered >= took.length)
  t.equal(await stop(), 0)
})

t.test('the player writes logs for every source, and clears away what was left', async (t) => {
  const root = t.testdir({})
  mkdirSync(join(root, 'caddy'))
  writeFileSync(join(root, 'caddy', 'left.sqlog'), 'by a player that was killed')
  const { stop } = await start(t, 'player', root)
  const logs = (source: string) => readdirSync(join(root, source))
  const sources = ['caddy', 'quiche', 'ngtcp2']
  await until('a log of each', () => sources.every((source) => logs(source).length > 0), PATIENCE)
  t.notOk(logs('caddy').includes('left.sqlog'))
  t.equal(await stop(), 0)
})

t.test('a duration is seconds or minutes', async (t) => {
  t.equal(milliseconds('90s'), 90_000)
  t.equal(milliseconds('10m'), 600_000)
  for (const wrong of ['', '10', 's', '1h', '1.5s', '-1s'])
    t.throws(() => milliseconds(wrong), wrong)
})
