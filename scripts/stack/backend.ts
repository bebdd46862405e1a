/**
 * A backend of the demo: `backend.ts NAME [--outage DURATION --every DURATION] [--port PORT]`.
 * It answers like a small web application, and while it is out of order like a broken one.
 */
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { milliseconds } from './duration.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    outage: { type: 'string', default: '0s' },
    every: { type: 'string', default: '10m' },
    port: { type: 'string', default: '8080' },
  },
})
const [name = 'backend'] = positionals
const outageMs = milliseconds(values.outage)
const everyMs = milliseconds(values.every)
const begun = performance.now()

// The outage is the last part of each period, so that a demo begins with all well.
const isOut = () => (performance.now() - begun) % everyMs >= everyMs - outageMs

/** Mostly a few milliseconds, now and then a slow query: the tail that a mean hides. */
async function answer(path: string, response: ServerResponse): Promise<void> {
  const isSlow = Math.random() < 0.02
  await delay(isSlow ? 400 + Math.random() * 800 : 3 + Math.random() * 25)
  const bytes = path.startsWith('/files') ? 200_000 : 2_000 + Math.floor(Math.random() * 8_000)
  response.writeHead(Math.random() < 0.0005 ? 500 : 200, { 'content-type': 'text/plain' })
  response.end(`${name}\n`.repeat(Math.ceil(bytes / (name.length + 1))))
}

const server = createServer((request, response) => {
  const { url = '/' } = request
  if (isOut()) {
    response.writeHead(503).end('out of order\n')
  } else if (url === '/healthz') {
    response.end('ok\n')
  } else {
    void answer(url, response)
  }
})
server.listen(Number(values.port))
await once(server, 'listening')
console.error(`${name} serves`)
process.once('SIGTERM', () => server.close().closeAllConnections())
