/** HTTP/2 at its worst, frame by frame: an end that is none, a farewell, a server that never says hello. */

import { once } from 'node:events'
import { createServer } from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import t, { type Test } from 'tap'
import type { HttpSettings, ProbeResult } from '../exporter/probers/prober.ts'
import { http, local, lookAt, SOON_MS, tls } from './support/probe-look.ts'
import { backend, frame, tlsBackend, words } from './support/probe-servers.ts'
import { until } from './support/until.ts'

const [DATA, HEADERS, RST_STREAM, SETTINGS, GOAWAY, CONTINUATION] = [0, 1, 3, 4, 7, 9]
const [END_STREAM, END_HEADERS, ACK] = [1, 4, 1]

const HELLO = Buffer.concat([frame(SETTINGS, 0, 0), frame(SETTINGS, ACK, 0)])
/** `:status: 200`, entry 8 of the static table (RFC 7541 A). */
const STATUS_200 = Buffer.from([0x88])
const OK = frame(HEADERS, END_HEADERS, 1, STATUS_200)
const HALF = frame(DATA, 0, 1, Buffer.from('healthy'))
/** `content-length: 100`, entry 28. */
const LENGTH_100 = Buffer.concat([STATUS_200, Buffer.from([0x0f, 0x0d, 3]), Buffer.from('100')])

interface World {
  /** What is sent after the first bytes of the client. */
  readonly frames?: readonly Buffer[]
  /** And what then; by default the connection stays. */
  readonly afterwards?: (socket: Socket) => void
  readonly failure: ProbeResult['failure']
  readonly why?: RegExp
  readonly settings?: Partial<HttpSettings>
  readonly withinMs?: number
}

const end = (socket: Socket) => void socket.end()

const WORLDS: Readonly<Record<string, World>> = {
  'an answer without a body': {
    frames: [HELLO, frame(HEADERS, END_HEADERS | END_STREAM, 1, STATUS_200)],
    failure: undefined,
  },
  'an answer, and a farewell': {
    frames: [HELLO, OK, HALF, frame(GOAWAY, 0, 0, words(1, 0)), frame(DATA, END_STREAM, 1)],
    failure: undefined,
    settings: { expectBody: 'healthy' },
  },
  'only SETTINGS': { frames: [HELLO], failure: 'timeout', withinMs: SOON_MS },
  'no SETTINGS, silence': { failure: 'timeout', withinMs: SOON_MS },
  'no SETTINGS, but an answer': { frames: [OK], failure: 'protocol', why: /Protocol error/ },
  'closed at once': { afterwards: end, failure: 'protocol' },
  'gone at once': { afterwards: (socket) => void socket.destroy(), failure: 'protocol' },
  'HTTP/1.1': { frames: [Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')], failure: 'protocol' },
  'GOAWAY before the answer, without an error': {
    frames: [HELLO, frame(GOAWAY, 0, 0, words(0, 0))],
    failure: 'protocol',
    why: /REFUSED_STREAM/,
  },
  'GOAWAY with an error': {
    frames: [HELLO, frame(GOAWAY, 0, 0, words(0, 11))],
    afterwards: end,
    failure: 'protocol',
    why: /code 11/,
  },
  'RST_STREAM: refused': {
    frames: [HELLO, frame(RST_STREAM, 0, 1, words(7))],
    failure: 'protocol',
    why: /REFUSED_STREAM/,
  },
  'RST_STREAM: cancelled': {
    frames: [HELLO, frame(RST_STREAM, 0, 1, words(8))],
    failure: 'protocol',
    why: /^the stream ended: CANCEL$/,
  },
  'RST_STREAM: no error, and no answer': {
    frames: [HELLO, frame(RST_STREAM, 0, 1, words(0))],
    failure: 'protocol',
    why: /^the stream ended: NO_ERROR$/,
  },
  'RST_STREAM: a code that nobody knows': {
    frames: [HELLO, OK, HALF, frame(RST_STREAM, 0, 1, words(0x7777))],
    failure: 'protocol',
  },
  'closed in the middle of the body': {
    frames: [HELLO, OK, HALF],
    afterwards: end,
    failure: 'protocol',
    why: /^the stream ended: CANCEL$/,
  },
  'cancelled in the middle of the body': {
    frames: [HELLO, OK, HALF, frame(RST_STREAM, 0, 1, words(8))],
    failure: 'protocol',
  },
  'RST_STREAM without an error in the middle of the body': {
    frames: [
      HELLO,
      frame(HEADERS, END_HEADERS, 1, LENGTH_100),
      HALF,
      frame(RST_STREAM, 0, 1, words(0)),
    ],
    failure: 'protocol',
    why: /^7 bytes of 100$/,
  },
  'fewer bytes than were promised': {
    frames: [HELLO, frame(HEADERS, END_HEADERS, 1, LENGTH_100), HALF, frame(DATA, END_STREAM, 1)],
    failure: 'protocol',
  },
  'vanished in the middle of the body': {
    frames: [HELLO, OK, HALF],
    failure: 'timeout',
    withinMs: SOON_MS,
  },
  'a header without a status': {
    frames: [HELLO, frame(HEADERS, END_HEADERS, 1, Buffer.from([0x0f, 0x0d, 1, 0x30]))],
    failure: 'protocol',
  },
  'a header that never ends': {
    frames: [HELLO, frame(HEADERS, 0, 1, STATUS_200)],
    afterwards: (socket) => {
      const drip = setInterval(() => socket.write(frame(CONTINUATION, 0, 1)), 5)
      socket.once('close', () => clearInterval(drip))
    },
    failure: 'protocol',
    why: /CONTINUATION/,
  },
  'a body that drips': {
    frames: [HELLO, OK],
    afterwards: (socket) => {
      const drip = setInterval(() => socket.write(frame(DATA, 0, 1, Buffer.from('x'))), 20)
      socket.once('close', () => clearInterval(drip))
    },
    failure: 'timeout',
    withinMs: SOON_MS,
  },
  'a body without end': {
    frames: [HELLO, OK, ...Array(60).fill(frame(DATA, 0, 1, Buffer.alloc(1000, 'x')))],
    failure: undefined,
    settings: { maxBodyBytes: 50_000 },
  },
  'a body without end that must hold something': {
    frames: [HELLO, OK, ...Array(60).fill(frame(DATA, 0, 1, Buffer.alloc(1000, 'x')))],
    failure: 'body',
    settings: { maxBodyBytes: 50_000, expectBody: 'healthy' },
  },
}

async function expect(t: Test, port: number, world: World, isSecure: boolean): Promise<void> {
  const looked = await lookAt(
    t,
    {
      kind: 'http',
      endpoint: local(port),
      ...(isSecure && { tls: tls() }),
      http: http({ version: 'h2', ...world.settings }),
    },
    world.withinMs,
  )
  t.equal(looked.failure, world.failure, looked.why ?? 'healthy')
  if (world.why !== undefined) t.match(looked.why, world.why)
  const phases = ['resolve', 'connect', ...(isSecure ? ['tls'] : []), 'processing']
  t.same(Object.keys(looked.phasesUs), phases)
}

for (const [name, world] of Object.entries(WORLDS)) {
  t.test(name, async (t) => {
    const serve = (socket: Socket) =>
      void socket.once('data', () => {
        for (const bytes of world.frames ?? []) socket.write(bytes)
        world.afterwards?.(socket)
      })
    for (const isSecure of [false, true]) {
      const { port, connections } = isSecure
        ? await tlsBackend(t, 'server', serve, { ALPNProtocols: ['h2'] })
        : await backend(t, serve)
      await expect(t, port, world, isSecure)
      await until('the backend to notice', () => connections.open.size === 0, { withinMs: 10_000 })
      t.equal(connections.accepted, 1)
    }
  })
}

t.test('a real server: what is asked, and what comes', async (t) => {
  const asked: unknown[] = []
  const server = createServer((request, response) => {
    asked.push([request.method, request.url, request.authority, request.headers['user-agent']])
    response.stream.additionalHeaders({ ':status': 103 })
    response.writeHead(request.method === 'POST' ? 405 : 200)
    response.end('healthy')
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const look = (settings: Partial<HttpSettings>) =>
    lookAt(t, { kind: 'http', endpoint: local(port), http: http({ version: 'h2', ...settings }) })
  t.match(await look({ expectBody: 'health' }), { failure: undefined, status: 200 })
  t.match(await look({ method: 'HEAD', path: '/a?b=1', hostHeader: 'moodle.test' }), {
    failure: undefined,
    status: 200,
  })
  t.match(await look({ method: 'POST' }), { failure: 'status', status: 405 })
  t.same(asked, [
    ['GET', '/', `127.0.0.1:${port}`, 'quic-lb-exporter'],
    ['HEAD', '/a?b=1', 'moodle.test', 'quic-lb-exporter'],
    ['POST', '/', `127.0.0.1:${port}`, 'quic-lb-exporter'],
  ])
})
