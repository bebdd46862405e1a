/**
 * The demo's clients: `traffic.ts [--balancer URL] [--phones HOST] [--health PORT]`. A few go to
 * the balancer over HTTP/1.1 and HTTP/2; the phones come in bursts, and from there over HTTP/3.
 */
import { createServer } from 'node:http'
import { connect } from 'node:http2'
import { Agent, request } from 'node:https'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    balancer: { type: 'string', default: 'https://lb:9443' },
    phones: { type: 'string', default: 'phones' },
    health: { type: 'string', default: '8080' },
  },
})
const PHONE_PORTS = [8001, 8002, 8003, 8004, 8005, 8006]
/** The balancer ends connections that are idle for 10 s: after a longer pause comes a new one. */
const PAUSE_MS = [11_000, 40_000] as const
const BURST = [10, 60] as const
const GIVE_UP_MS = 10_000

const done = { http1: 0, h2: 0, h3: 0, failed: 0 }
const between = ([least, most]: readonly [number, number]) => least + Math.random() * (most - least)
const somePath = () => (Math.random() < 0.1 ? '/files/lecture.pdf' : '/course/view')
// The demo's certificate is made anew at each start: nothing could be compared with it.
const tls = { rejectUnauthorized: false, servername: 'localhost' }

/** Asks again and again, `everyMs` on average; what fails is counted, not tried again. */
async function client(ask: () => Promise<void>, everyMs: number): Promise<never> {
  for (;;) {
    await ask().catch(() => {
      done.failed += 1
    })
    await delay(Math.random() * 2 * everyMs)
  }
}

async function askHttp1(agent: Agent): Promise<void> {
  const options = { ...tls, agent, timeout: GIVE_UP_MS, headers: { host: 'localhost:9443' } }
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const asked = request(new URL(somePath(), values.balancer), options, (answer) => {
    answer.resume().once('end', resolve).once('error', reject)
  })
  asked.once('timeout', () => asked.destroy(new Error('no answer'))).once('error', reject)
  asked.end()
  await promise
  done.http1 += 1
}

async function askHttp2(): Promise<void> {
  const session = connect(values.balancer, tls)
  try {
    for (let left = between(BURST); left > 0; left -= 1) {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      session.once('error', reject)
      const stream = session.request({ ':path': somePath(), ':authority': 'localhost:9443' })
      stream.setTimeout(GIVE_UP_MS, () => stream.destroy(new Error('no answer')))
      stream.once('error', reject).once('close', resolve).resume().end()
      await promise
      session.off('error', reject)
      done.h2 += 1
      await delay(between([50, 400]))
    }
  } finally {
    session.destroy()
  }
}

async function askHttp3(port: number): Promise<void> {
  for (let left = between(BURST); left > 0; left -= 1) {
    const url = `http://${values.phones}:${port}${somePath()}`
    const answer = await fetch(url, { signal: AbortSignal.timeout(GIVE_UP_MS) })
    await answer.arrayBuffer()
    done.h3 += 1
    await delay(between([100, 700]))
  }
  await delay(between(PAUSE_MS))
}

createServer((_, response) => response.end(JSON.stringify(done))).listen(Number(values.health))
process.once('SIGTERM', () => process.exit())
const agent = new Agent({ keepAlive: true, maxSockets: 2 })
await Promise.all([
  client(() => askHttp1(agent), 400),
  client(() => askHttp1(agent), 400),
  client(askHttp2, 2_000),
  ...PHONE_PORTS.map((port) => client(() => askHttp3(port), 1_000)),
])
