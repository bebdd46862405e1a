import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { Link, type LinkOptions, type LinkTruth } from './link.ts'

/** A move of the client: from then on the server sees another source port, or address. */
export interface Rebind {
  /** Milliseconds after the client's first datagram. */
  readonly atMs: number
  /** The new local address, 127.0.0.1 if not given; the port is always new. */
  readonly address?: string
}

/** What the relay does to all that passes between its clients and the server; nothing by default. */
export interface RelayOptions {
  readonly serverPort: number
  readonly serverAddress?: string
  /** The port clients send to; a free one if not given. */
  readonly listenPort?: number
  /** From the clients to the server. */
  readonly up?: LinkOptions
  /** From the server to the clients. */
  readonly down?: LinkOptions
  readonly rebinds?: readonly Rebind[]
  /** Loss from the server on every path but a client's first; 1 makes path validation fail. */
  readonly newPathLossDown?: number
  /** Nothing passes in either direction, in milliseconds after the client's first datagram. */
  readonly blackHole?: { readonly fromMs: number; readonly toMs: number }
}

/** What really happened: the numbers that a metric has to agree with. */
export interface RelayTruth {
  readonly up: LinkTruth
  readonly down: LinkTruth
  readonly clients: number
  readonly rebinds: number
}

/** A running relay. */
export interface Relay {
  /** The port on 127.0.0.1 that clients send to. */
  readonly port: number
  stats(): RelayTruth
  /** Stops passing datagrams on and gives the last numbers; a second call gives the same. */
  close(): Promise<RelayTruth>
}

interface Client {
  readonly address: RemoteInfo
  readonly firstSeenMs: number
  path: Socket
}

const LOCALHOST = '127.0.0.1'
// The kernel must not drop what the relay would count: room for bursts while this process is busy.
const RECEIVE_BUFFER_BYTES = 4 << 20

/** Starts a UDP relay on 127.0.0.1; rejects if its port is taken. */
export async function startRelay(options: RelayOptions): Promise<Relay> {
  const { serverPort, serverAddress = LOCALHOST, rebinds = [], newPathLossDown = 0 } = options
  const up = new Link({ seed: 1, ...options.up })
  const down = new Link({ seed: 2, ...options.down })
  const clients = new Map<string, Client>()
  const sockets = new Set<Socket>()
  const timers: NodeJS.Timeout[] = []
  let rebindsDone = 0

  const openSocket = (port: number, address: string): Socket => {
    const socket = createSocket('udp4')
    sockets.add(socket)
    socket.bind(port, address, () => socket.setRecvBufferSize(RECEIVE_BUFFER_BYTES))
    return socket
  }

  // A path stays open after the client left it: a move by itself loses nothing that is under way.
  const openPath = (client: Omit<Client, 'path'>, address: string, lossDown: number): Socket => {
    const path = openSocket(0, address)
    path.on('message', (datagram) => {
      const { address: host, port } = client.address
      const loss = isInBlackHole(client) ? 1 : lossDown
      down.send(datagram.length, loss, () => front.send(datagram, port, host))
    })
    return path
  }

  const isInBlackHole = ({ firstSeenMs }: Pick<Client, 'firstSeenMs'>): boolean => {
    if (!options.blackHole) return false
    const sinceMs = performance.now() - firstSeenMs
    return sinceMs >= options.blackHole.fromMs && sinceMs < options.blackHole.toMs
  }

  const admit = (address: RemoteInfo): Client => {
    const known = clients.get(`${address.address}:${address.port}`)
    if (known) return known
    const seen = { address, firstSeenMs: performance.now() }
    const client: Client = { ...seen, path: openPath(seen, LOCALHOST, 0) }
    clients.set(`${address.address}:${address.port}`, client)
    for (const { atMs, address: newAddress = LOCALHOST } of rebinds) {
      const move = () => {
        client.path = openPath(client, newAddress, newPathLossDown)
        rebindsDone += 1
      }
      timers.push(setTimeout(move, atMs))
    }
    return client
  }

  const front = openSocket(options.listenPort ?? 0, LOCALHOST)
  front.on('message', (datagram, address) => {
    const client = admit(address)
    up.send(datagram.length, isInBlackHole(client) ? 1 : 0, () =>
      client.path.send(datagram, serverPort, serverAddress),
    )
  })
  await once(front, 'listening')

  const stats = (): RelayTruth => ({
    up: up.truth(),
    down: down.truth(),
    clients: clients.size,
    rebinds: rebindsDone,
  })
  const end = async (): Promise<RelayTruth> => {
    for (const timer of timers) clearTimeout(timer)
    up.close()
    down.close()
    const closed = [...sockets].map((socket) => once(socket, 'close'))
    for (const socket of sockets) socket.close()
    await Promise.all(closed)
    return stats()
  }
  let ended: Promise<RelayTruth> | undefined
  const close = () => {
    ended ??= end()
    return ended
  }
  return { port: front.address().port, stats, close }
}
