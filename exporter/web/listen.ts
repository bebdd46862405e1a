import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, isIP, isIPv6 } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Logger } from '../logging.ts'
import { SocketLimit } from './socket-limit.ts'

/** The bound places with the way to leave them, or the sentence that says why there are none. */
export type Listening =
  | {
      readonly type: 'listening'
      /** One for each address, openable in a browser on this host. */
      readonly urls: readonly string[]
      /** Stops listening, lets answers in flight end within the grace, then closes the app. */
      readonly close: () => Promise<void>
    }
  | { readonly type: 'failed'; readonly message: string }

/** Where trouble is told, and limits that a test may want closer than an operator does. */
export interface ListenOptions {
  readonly log: Logger
  readonly graceMs?: number
  readonly maxSockets?: number
}

/** A place to listen; an empty host means every interface, port 0 lets the system choose. */
export interface ListenAddress {
  readonly host: string
  readonly port: number
}

const GRACE_MS = 4_000
const MAX_SOCKETS = 256

const HTTP_LIMITS = {
  maxHeaderSize: 8 * 1024,
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  connectionsCheckingInterval: 1_000,
  // Longer than the usual scrape intervals: a scraper keeps its connection.
  keepAliveTimeout: 75_000,
} as const

const MAX_REQUESTS_PER_SOCKET = 1_000
const SILENT_SOCKET_MS = 30_000

/**
 * Serves the app on every address; the app must be fresh, and after a failure nothing stays bound and the app is closed.
 */
export async function listen(
  app: FastifyInstance,
  addresses: readonly ListenAddress[],
  options: ListenOptions,
): Promise<Listening> {
  const servers: Server[] = []
  const sockets = new SocketLimit(options.maxSockets ?? MAX_SOCKETS)
  app.addHook('preClose', () => closeServers(servers, sockets, options.graceMs ?? GRACE_MS))
  await app.ready()

  const urls: string[] = []
  for (const address of addresses) {
    const bound = await bind(address, app, sockets, options.log)
    if (bound.type === 'failed') {
      await app.close()
      return bound
    }
    servers.push(bound.server)
    urls.push(urlOf(bound.server.address() as AddressInfo, address))
  }
  return { type: 'listening', urls, close: async () => void (await app.close()) }
}

type Bound =
  | { readonly type: 'bound'; readonly server: Server }
  | { readonly type: 'failed'; readonly message: string }

async function bind(
  address: ListenAddress,
  app: FastifyInstance,
  sockets: SocketLimit,
  log: Logger,
): Promise<Bound> {
  const server = createServer(HTTP_LIMITS)
  server.maxRequestsPerSocket = MAX_REQUESTS_PER_SOCKET
  server.setTimeout(SILENT_SOCKET_MS)
  sockets.watch(server)
  server.on('request', app.routing)
  try {
    server.listen({ port: address.port, ...(address.host && { host: address.host }) })
    await once(server, 'listening')
  } catch (error) {
    return { type: 'failed', message: `cannot listen on ${textOf(address)}: ${reasonOf(error)}` }
  }
  server.on('error', (error) => log.warn('cannot accept a connection', { error }))
  return { type: 'bound', server }
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EADDRINUSE: 'address already in use: choose another with --web.listen-address',
  EADDRNOTAVAIL: 'this host does not have that address',
  EAFNOSUPPORT: 'this host does not have that kind of address',
  EAI_AGAIN: 'the host name cannot be resolved now',
  ENOTFOUND: 'the host name does not exist',
}

function reasonOf(error: unknown): string {
  const { code = '', message = '' } = error as NodeJS.ErrnoException
  return REASONS[code] ?? (code || message)
}

function urlOf({ address, port }: AddressInfo, asked: ListenAddress): string {
  if (asked.host !== '' && isIP(asked.host) === 0) {
    return `http://${asked.host}:${port}/`
  }
  if (address === '::' || address === '0.0.0.0') return `http://localhost:${port}/`
  return `http://${isIPv6(address) ? `[${address.replace('%', '%25')}]` : address}:${port}/`
}

function textOf({ host, port }: ListenAddress): string {
  return `${isIPv6(host) ? `[${host}]` : host}:${port}`
}

async function closeServers(
  servers: readonly Server[],
  sockets: SocketLimit,
  graceMs: number,
): Promise<void> {
  const timer = setTimeout(() => sockets.destroyAll(), graceMs)
  const closed = servers.map((server) => once(server.close(), 'close'))
  sockets.drain()
  await Promise.all(closed)
  clearTimeout(timer)
}
