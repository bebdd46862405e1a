/** Three backends behind a balancer, plain HTTP, that know themselves how often they were asked. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Test } from 'tap'
import { freePort } from './processes.ts'

/** One backend; it can be killed and come back at the same address. */
export interface Backend {
  readonly name: string
  readonly address: string
  /** Statuses of what it answered, health checks left out. */
  readonly answered: number[]
  /** Answers this many of the next health checks with 500. */
  failChecks(count: number): void
  /** Refuses connections from now on. */
  kill(): Promise<void>
  revive(): Promise<void>
}

/** `/slow/MS` answers after a while, `/status/CODE` so, `/bytes/N` at such length, `/half` only half. */
function answer(name: string, answered: number[], checks: { toFail: number }) {
  return (request: IncomingMessage, response: ServerResponse) => {
    const [, what, amount = ''] = (request.url ?? '').split('/')
    if (what === 'healthz') {
      response.statusCode = checks.toFail > 0 ? 500 : 200
      checks.toFail = Math.max(0, checks.toFail - 1)
      response.end()
      return
    }
    const status = what === 'status' ? Number(amount) : 200
    request.resume()
    const reply = () => {
      // Who asked has gone.
      if (request.socket.destroyed) return
      answered.push(status)
      response.writeHead(status, { 'X-Backend': name })
      response.end(what === 'bytes' ? Buffer.alloc(Number(amount), 'x') : `${name}\n`)
    }
    if (what === 'half') {
      answered.push(status)
      response.writeHead(status, { 'Content-Length': 1000, 'X-Backend': name })
      response.write(Buffer.alloc(500, 'x'))
      setTimeout(() => response.destroy(), 100)
    } else if (what === 'slow') setTimeout(reply, Number(amount))
    else reply()
  }
}

async function startBackend(t: Test, name: string): Promise<Backend> {
  const port = await freePort()
  const answered: number[] = []
  const checks = { toFail: 0 }
  let server: Server | undefined
  const kill = async () => {
    const closing = server
    server = undefined
    if (closing === undefined) return
    const closed = once(closing.close(), 'close')
    closing.closeAllConnections()
    await closed
  }
  const revive = async () => {
    server = createServer({ keepAliveTimeout: 60_000 }, answer(name, answered, checks))
    await once(server.listen(port, '127.0.0.1'), 'listening')
  }
  t.teardown(kill)
  await revive()
  const failChecks = (count: number) => {
    checks.toFail = count
  }
  return { name, address: `127.0.0.1:${port}`, answered, failChecks, kill, revive }
}

/** Starts b1, b2 and b3. */
export async function startBackends(t: Test): Promise<[Backend, Backend, Backend]> {
  return [await startBackend(t, 'b1'), await startBackend(t, 'b2'), await startBackend(t, 'b3')]
}
