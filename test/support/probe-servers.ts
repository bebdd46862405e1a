/** Backends of the worst kinds, on free ports of the loopback interface. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TLSSocket, type TlsOptions } from 'node:tls'
import { Worker } from 'node:worker_threads'
import type { Test } from 'tap'
import { tlsFile } from './probe-look.ts'

/** A server and those that are connected to it. */
export interface Backend {
  readonly port: number
  /** Connections that were accepted so far, and those that are still open. */
  readonly connections: { accepted: number; readonly open: ReadonlySet<Socket> }
}

/** Does with each connection what it is told. */
export function backend(
  t: Test,
  serve: (socket: Socket) => void,
  host = '127.0.0.1',
): Promise<Backend> {
  return listening(t, createServer({ noDelay: true }), 'connection', serve, host)
}

/** The same with TLS; the certificate is one of test/fixtures/tls. */
export function tlsBackend(
  t: Test,
  certificate: string,
  serve: (socket: TLSSocket) => void,
  options: TlsOptions = {},
): Promise<Backend> {
  const files = { cert: readFileSync(tlsFile(certificate)), key: readFileSync(tlsFile('key')) }
  const server = createTlsServer({ ...files, ...options })
  return listening(t, server, 'secureConnection', serve, '127.0.0.1')
}

async function listening<S extends Socket>(
  t: Test,
  server: Server,
  event: 'connection' | 'secureConnection',
  serve: (socket: S) => void,
  host: string,
): Promise<Backend> {
  const open = new Set<Socket>()
  const connections = { accepted: 0, open }
  server.on('connection', (socket: Socket) => {
    connections.accepted += 1
    open.add(socket.on('error', () => undefined).on('close', () => open.delete(socket)))
  })
  server.on(event, (socket: S) => {
    serve(socket.on('error', () => undefined) as S)
    // Whoever does not read does not notice that the other side has gone.
    socket.resume()
  })
  server.listen(0, host)
  await once(server, 'listening')
  t.teardown(async () => {
    server.close()
    for (const socket of open) socket.destroy()
    await once(server, 'close')
  })
  return { port: (server.address() as AddressInfo).port, connections }
}

/** A port on which connections are neither accepted nor refused: the queue of a listener that sleeps is full. */
export async function blackHole(t: Test): Promise<number> {
  const sleeper = new Worker(
    `const { parentPort } = require('node:worker_threads')
     const server = require('node:net').createServer()
     server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
       parentPort.postMessage(server.address().port)
       Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
     })`,
    { eval: true },
  )
  t.teardown(() => sleeper.terminate())
  const [port] = (await once(sleeper, 'message')) as [number]
  // Two fit into the queue, more wait in vain.
  const fillers = Array.from({ length: 4 }, () =>
    connect(port, '127.0.0.1').on('error', () => undefined),
  )
  t.teardown(() => fillers.forEach((filler) => void filler.destroy()))
  await Promise.all(fillers.slice(0, 2).map((filler) => once(filler, 'connect')))
  return port
}

/** A port of which it is known that nobody listens there. */
export async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** One frame of HTTP/2 (RFC 9113 §4.1). */
export function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Buffer = Buffer.alloc(0),
): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** Numbers of 32 bits. */
export function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length)
  values.forEach((value, index) => void bytes.writeUInt32BE(value, 4 * index))
  return bytes
}
