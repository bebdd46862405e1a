/** TCP and HTTP/1.1 at their worst: each has its reason, ends in time, and leaves nothing open. */
import type { Socket } from 'node:net'
import t, { type Test } from 'tap'
import { failureOf } from '../exporter/probers/failure.ts'
import { backendProber } from '../exporter/probers/index.ts'
import type { HttpSettings, ProbeResult } from '../exporter/probers/prober.ts'
import { http, local, lookAt, run, SOON_MS } from './support/probe-look.ts'
import { backend, blackHole, closedPort } from './support/probe-servers.ts'
import { until } from './support/until.ts'

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n'

/** Answers the first bytes of a request. */
function answering(answer: (socket: Socket) => void) {
  return (socket: Socket) => void socket.once('data', () => answer(socket))
}

/** Writes again and again until the other side has gone. */
function dripping(socket: Socket, piece: string, everyMs: number): void {
  const drip = setInterval(() => socket.write(piece), everyMs)
  socket.once('close', () => clearInterval(drip))
}

/** Writes as fast as it is read. */
function flooding(socket: Socket, piece: Buffer): void {
  const flood = () => {
    while (!socket.destroyed && socket.write(piece));
  }
  socket.on('drain', flood)
  flood()
}

interface World {
  readonly serve: (socket: Socket) => void
  readonly failure: ProbeResult['failure']
  readonly why?: RegExp
  readonly phases: readonly string[]
  readonly settings?: Partial<HttpSettings>
  readonly withinMs?: number
}

const ANSWERED = ['resolve', 'connect', 'processing']
const MARK = { expectBody: 'healthy' }

const WORLDS: Readonly<Record<string, World>> = {
  'accepted, then silence': {
    serve: () => undefined,
    failure: 'timeout',
    why: /^given up after \d+ ms: processing \(127\.0\.0\.1\)$/,
    phases: ANSWERED,
    withinMs: SOON_MS,
  },
  'closed at once': { serve: (socket) => socket.end(), failure: 'protocol', phases: ANSWERED },
  'closed when asked': {
    serve: answering((socket) => socket.end()),
    failure: 'protocol',
    phases: ANSWERED,
  },
  'reset when asked': {
    serve: answering((socket) => socket.resetAndDestroy()),
    failure: 'protocol',
    why: /ECONNRESET/,
    phases: ANSWERED,
  },
  'closed in the middle of the header': {
    serve: answering((socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Le')),
    failure: 'protocol',
    phases: ANSWERED,
  },
  'closed in the middle of the body': {
    serve: answering((socket) => socket.end(`${HEAD}Content-Length: 100\r\n\r\nhealthy`)),
    failure: 'protocol',
    phases: ANSWERED,
    settings: MARK,
  },
  'closed in the middle of a chunk': {
    serve: answering((socket) =>
      socket.end(`${HEAD}Transfer-Encoding: chunked\r\n\r\nff\r\nhealthy`),
    ),
    failure: 'protocol',
    phases: ANSWERED,
  },
  'reset in the middle of the body': {
    serve: answering((socket) => {
      socket.write(`${HEAD}Content-Length: 100\r\n\r\nhealthy`, () => {
        setTimeout(() => socket.resetAndDestroy(), 20)
      })
    }),
    failure: 'protocol',
    phases: ANSWERED,
  },
  'reset in a body that has no length': {
    serve: answering((socket) => {
      socket.write(`${HEAD}\r\nhealthy`, () => {
        setTimeout(() => socket.resetAndDestroy(), 20)
      })
    }),
    failure: 'protocol',
    phases: ANSWERED,
    settings: MARK,
  },
  'the end of a body that has no length': {
    serve: answering((socket) => socket.end(`${HEAD}\r\nhealthy`)),
    failure: undefined,
    phases: ANSWERED,
    settings: MARK,
  },
  'vanished in the middle of the body': {
    serve: answering((socket) => void socket.write(`${HEAD}Content-Length: 100\r\n\r\nhealthy`)),
    failure: 'timeout',
    phases: ANSWERED,
    withinMs: SOON_MS,
  },
  'a header that never ends, slowly': {
    serve: answering((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n')
      dripping(socket, 'X-Slow: 1\r\n', 20)
    }),
    failure: 'timeout',
    phases: ANSWERED,
    withinMs: SOON_MS,
  },
  'a header that never ends, fast': {
    serve: answering((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n')
      flooding(socket, Buffer.from(`X-Fast: ${'x'.repeat(1000)}\r\n`))
    }),
    failure: 'protocol',
    why: /Header overflow/,
    phases: ANSWERED,
  },
  'interim answers without end': {
    serve: answering((socket) => dripping(socket, 'HTTP/1.1 103 Early Hints\r\n\r\n', 20)),
    failure: 'timeout',
    phases: ANSWERED,
    withinMs: SOON_MS,
  },
  'a body that drips': {
    serve: answering((socket) => {
      socket.write(`${HEAD}\r\n`)
      dripping(socket, 'x', 20)
    }),
    failure: 'timeout',
    phases: ANSWERED,
    withinMs: SOON_MS,
  },
  'a body without end': {
    serve: answering((socket) => {
      socket.write(`${HEAD}\r\n`)
      flooding(socket, Buffer.alloc(10_000, 'x'))
    }),
    failure: undefined,
    phases: ANSWERED,
  },
  'a body without end that must hold something': {
    serve: answering((socket) => {
      socket.write(`${HEAD}\r\n`)
      flooding(socket, Buffer.alloc(10_000, 'x'))
    }),
    failure: 'body',
    why: /^"healthy" is not in the first 100000 bytes of the body$/,
    phases: ANSWERED,
    settings: MARK,
  },
  'something else than HTTP, unasked': {
    serve: (socket) => void socket.write('SSH-2.0-OpenSSH_9.9\r\n'),
    failure: 'protocol',
    phases: ANSWERED,
  },
  'something else than HTTP, when asked': {
    serve: answering((socket) => socket.end('-ERR unknown command\r\n')),
    failure: 'protocol',
    phases: ANSWERED,
  },
  'an upgrade that nobody asked for': {
    serve: answering((socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n')
    }),
    failure: 'protocol',
    phases: ANSWERED,
  },
}

for (const [name, world] of Object.entries(WORLDS)) {
  t.test(name, async (t) => {
    const { port, connections } = await backend(t, world.serve)
    const target = { kind: 'http', endpoint: local(port), http: http(world.settings) } as const
    const looked = await lookAt(t, target, world.withinMs)
    expect(t, looked, world)
    t.equal(looked.sockets, 1)
    await until('the backend to notice', () => connections.open.size === 0, { withinMs: 10_000 })
    t.equal(connections.accepted, 1)
  })
}

function expect(t: Test, looked: ProbeResult, { failure, why, phases, withinMs }: World): void {
  t.equal(looked.failure, failure, looked.why ?? 'healthy')
  if (why !== undefined) t.match(looked.why, why)
  t.same(Object.keys(looked.phasesUs), phases)
  t.equal(looked.address, '127.0.0.1')
  const spentUs = Object.values(looked.phasesUs).reduce((sum, us) => sum + us, 0)
  t.ok(
    Number.isInteger(looked.durationUs) && Object.values(looked.phasesUs).every(Number.isInteger),
  )
  t.ok(spentUs <= looked.durationUs + 10, 'phases do not overlap')
  if (failure !== 'timeout' || withinMs === undefined) return
  t.ok(looked.durationUs >= (withinMs - 20) * 1000, `after ${looked.durationUs} µs, not earlier`)
}

t.test('nobody listens', async (t) => {
  const endpoint = local(await closedPort())
  for (const target of [
    { kind: 'tcp', endpoint },
    { kind: 'http', endpoint, http: http() },
  ] as const) {
    const looked = await lookAt(t, target)
    t.equal(looked.failure, 'refused')
    t.match(looked.why, /^connect ECONNREFUSED 127\.0\.0\.1:\d+$/)
    t.same(Object.keys(looked.phasesUs), ['resolve', 'connect'])
  }
})

t.test('a reset is what it interrupts', (t) => {
  const reset = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })
  t.equal(failureOf(reset, 'connect'), 'refused')
  t.equal(failureOf(reset, 'tls'), 'tls')
  t.equal(failureOf(reset, 'processing'), 'protocol')
  t.end()
})

t.test('a connection that is taken and reset at once', async (t) => {
  const { port } = await backend(t, (socket) => void socket.resetAndDestroy())
  const looked = await lookAt(t, { kind: 'http', endpoint: local(port), http: http() })
  // It depends on which of both is quicker, and is no mystery either way.
  t.match(looked.failure, /^(refused|protocol)$/)
})

t.test('a black hole', async (t) => {
  const endpoint = local(await blackHole(t))
  const looked = await lookAt(t, { kind: 'tcp', endpoint }, SOON_MS)
  t.equal(looked.failure, 'timeout')
  t.match(looked.why, /: connect \(127\.0\.0\.1\)$/)
  t.same(Object.keys(looked.phasesUs), ['resolve', 'connect'])
  t.ok((looked.phasesUs.connect ?? 0) >= (SOON_MS - 30) * 1000)
})

t.test('an accepted connection is all that tcp wants', async (t) => {
  const { port, connections } = await backend(t, (socket) => void socket.write('220 hello\r\n'))
  const looked = await lookAt(t, { kind: 'tcp', endpoint: local(port) })
  t.equal(looked.failure, undefined)
  t.equal(looked.why, undefined)
  t.same(Object.keys(looked.phasesUs), ['resolve', 'connect'])
  await until('the backend to notice', () => connections.open.size === 0, { withinMs: 10_000 })
})

t.test('a signal that came before the look', async (t) => {
  const { port, connections } = await backend(t, () => undefined)
  const prober = backendProber({ kind: 'tcp', endpoint: local(port) })
  const looked = await run(t, prober, AbortSignal.abort())
  t.equal(looked.failure, 'timeout')
  t.same([looked.phasesUs, looked.sockets, connections.accepted], [{}, 0, 0])
})

t.test('what a stranger writes is one line of plain characters', async (t) => {
  const { port } = await backend(
    t,
    answering((socket) =>
      socket.end('HTTP/1.1 302 F\r\nLocation: http://\x1b[2J\u202eevil\r\n\r\n'),
    ),
  )
  const settings = http({ maxRedirects: 1 })
  const looked = await lookAt(t, { kind: 'http', endpoint: local(port), http: settings })
  t.not(looked.failure, undefined)
  for (const line of [looked.why ?? '', ...looked.notes]) t.match(line, /^[\x20-\x7e]{1,250}$/)
})
