/** Balancers that answer as they are told, over HTTP or on a socket in the file system, and who asks them. */
import { once } from 'node:events'
import { createServer as createHttpServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createServer as createSocketServer, type Server, type Socket } from 'node:net'
import type { Test } from 'tap'
import { loadConfig } from '../../exporter/config/load.ts'
import type { Config } from '../../exporter/config/schema.ts'

/** A server that is asked; each question gets what `answer` does then. */
export interface Asked<A> {
  readonly url: string
  questions: number
  answer: A
  close(): Promise<void>
}

/** HTTP on a free port of the loopback interface. */
export async function askedByHttp(
  t: Test,
  answer: (response: ServerResponse, path: string) => void,
): Promise<Asked<typeof answer>> {
  const server = createHttpServer((request, response) => {
    asked.questions += 1
    asked.answer(response, request.url ?? '')
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const close = async () => {
    server.closeAllConnections()
    await closed(server)
  }
  const asked = { url: `http://127.0.0.1:${port}`, questions: 0, answer, close }
  t.teardown(close)
  return asked
}

/** A socket; `answer` is given the command, up to its line end. */
export async function askedBySocket(
  t: Test,
  path: string,
  answer: (socket: Socket, command: string) => void,
): Promise<Asked<typeof answer>> {
  const open = new Set<Socket>()
  const server = createSocketServer((socket) => {
    open.add(socket.on('error', () => undefined).on('close', () => open.delete(socket)))
    let text = ''
    socket.on('data', (piece) => {
      text += piece
      if (!text.endsWith('\n')) return
      asked.questions += 1
      asked.answer(socket, text)
      text = ''
    })
  })
  await once(server.listen(path), 'listening')
  const close = async () => {
    for (const socket of open) socket.destroy()
    await closed(server)
  }
  const asked = { url: `unix:${path}`, questions: 0, answer, close }
  t.teardown(close)
  return asked
}

/** A configuration of nothing but sources that are asked, by name; each has its own lines. */
export function asking(sources: Readonly<Record<string, readonly string[]>>): Config {
  const entries = Object.entries(sources).map(
    ([name, lines]) => `  - ${[`name: ${name}`, ...lines].join('\n    ')}`,
  )
  const { config, errors } = loadConfig({
    file: 'config.yml',
    flags: {},
    env: {},
    readFile: () => `sources:\n${entries.join('\n')}\n`,
  })
  if (config === undefined) throw new Error(errors.join('\n'))
  return config
}

async function closed(server: Server): Promise<void> {
  if (!server.listening) return
  server.close()
  await once(server, 'close')
}
