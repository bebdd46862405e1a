/** A look that is given up at any moment ends at once, says so, and leaves nothing behind. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createSecureServer } from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { backendProber } from '../exporter/probers/index.ts'
import type { BackendTarget } from '../exporter/probers/target.ts'
import { http, local, lookAt, run, tls, tlsFile } from './support/probe-look.ts'
import { until } from './support/until.ts'

/** Answers slowly: header, half a body, the rest. */
async function slowServers(t: Test): Promise<BackendTarget[]> {
  const files = { cert: readFileSync(tlsFile('server')), key: readFileSync(tlsFile('key')) }
  const open = new Set<Socket>()
  const plain = createServer(async (_, response) => {
    await delay(3)
    response.write('half')
    await delay(3)
    response.end('whole')
  })
  const secure = createSecureServer({ ...files, allowHTTP1: true }, async (_, response) => {
    await delay(3)
    if (response.stream?.destroyed) return
    response.write('half')
    await delay(3)
    response.end('whole')
  })
  const ports: number[] = []
  for (const server of [plain, secure]) {
    server.on('connection', (socket: Socket) => {
      open.add(socket.on('close', () => open.delete(socket)))
    })
    server.on('sessionError', () => undefined)
    await once(server.listen(0, '127.0.0.1'), 'listening')
    ports.push((server.address() as AddressInfo).port)
  }
  t.teardown(() => {
    for (const server of [plain, secure]) server.close()
    // The HTTP/2 server of Node.js 22 does not notice every connection that is gone; ours are closed, see `run`.
    for (const socket of open) socket.unref()
  })
  const [one, other] = ports.map((port) => local(port)) as [
    ReturnType<typeof local>,
    ReturnType<typeof local>,
  ]
  const text = { expectBody: 'halfwhole' }
  return [
    { kind: 'tcp', endpoint: one },
    { kind: 'http', endpoint: one, http: http(text) },
    { kind: 'tls', endpoint: other, tls: tls() },
    { kind: 'http', endpoint: other, tls: tls(), http: http(text) },
    { kind: 'http', endpoint: other, tls: tls(), http: http({ ...text, version: 'h2' }) },
  ]
}

t.test('given up after any time', async (t) => {
  const targets = await slowServers(t)
  for (const target of targets) t.equal((await lookAt(t, target)).failure, undefined, target.kind)
  let [early, late] = [0, 0]
  const afterUs = fc.integer({ min: 0, max: 20_000 })
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...targets), afterUs, async (target, us) => {
      const giving = new AbortController()
      const looking = run(t, backendProber(target), giving.signal)
      await moment(us)
      giving.abort()
      const isEarly = (await looking).failure === 'timeout'
      if (isEarly) early += 1
      else late += 1
      return isEarly || (await looking).failure === undefined
    }),
    { numRuns: 250 },
  )
  t.comment(`${early} given up, ${late} were done before`)
  t.ok(early > 20 && late > 0)
})

/** Lets so much time pass, in turns of the event loop. */
async function moment(us: number): Promise<void> {
  const endMs = performance.now() + us / 1000
  while (performance.now() < endMs) await delay(0)
}

t.test('a thousand looks leave nothing behind', async (t) => {
  const targets = await slowServers(t)
  const count = () =>
    process.getActiveResourcesInfo().filter((name) => !/^(Timeout|Immediate)$/.test(name))
  for (const target of targets) await lookAt(t, target)
  const before = count().length
  const all = Array.from({ length: 1000 }, (_, index) => {
    const target = targets[index % targets.length] as BackendTarget
    return backendProber(target)(AbortSignal.timeout(60_000), () => undefined)
  })
  const results = await Promise.all(all)
  t.same(
    results.filter(({ failure }) => failure !== undefined),
    [],
  )
  await until('all to be closed', () => count().length <= before, { withinMs: 10_000 })
})
