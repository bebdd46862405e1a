/**
 * The network between the demo's phones and its balancer:
 * `mobile-network.ts [--server HOST:PORT] [--listen PORT] [--health PORT] [--stay DURATION]`.
 * It delays, loses a little, and gives a phone that is busy a new port now and then, as a NAT does:
 * the balancer sees the client move.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { parseArgs } from 'node:util'
import { Link } from '../udp-relay/link.ts'
import { milliseconds } from './duration.ts'

const LOSS = 0.004
const DELAY_MS = 15
/** A port that was left, or a phone that is silent, is forgotten after this. */
const FORGET_AFTER_MS = 90_000

interface Path {
  readonly socket: Socket
  readonly until: number
}
interface Phone {
  path: Path
  lastSeen: number
}

const { values } = parseArgs({
  options: {
    server: { type: 'string', default: 'lb:9443' },
    listen: { type: 'string', default: '9443' },
    health: { type: 'string', default: '8080' },
    stay: { type: 'string', default: '40s' },
  },
})
const [host = '', port = ''] = values.server.split(':')
const stayMs = milliseconds(values.stay)
const phones = new Map<string, Phone>()
const up = new Link({ loss: LOSS, delayMs: DELAY_MS, seed: 1 })
const down = new Link({ loss: LOSS, delayMs: DELAY_MS, seed: 2 })
const front = createSocket('udp4')

/** A new port towards the balancer; until it is forgotten it takes answers, also when left. */
function openPath({ port, address }: RemoteInfo): Path {
  const socket = createSocket('udp4')
  socket.on('error', tell).on('message', (datagram) => {
    down.send(datagram.length, 0, () => front.send(datagram, port, address))
  })
  // Half as long as that to half as long again, so that they do not all move at once.
  return { socket, until: performance.now() + stayMs * (0.5 + Math.random()) }
}

function forgetLater(path: Path): void {
  setTimeout(() => path.socket.close(), FORGET_AFTER_MS)
}

front.on('error', tell).on('message', (datagram, from) => {
  const key = `${from.address}:${from.port}`
  const phone = phones.get(key) ?? { path: openPath(from), lastSeen: 0 }
  phones.set(key, phone)
  phone.lastSeen = performance.now()
  if (phone.lastSeen > phone.path.until) {
    forgetLater(phone.path)
    phone.path = openPath(from)
  }
  const { socket } = phone.path
  up.send(datagram.length, 0, () => socket.send(datagram, Number(port), host))
})

setInterval(() => {
  for (const [key, phone] of phones) {
    if (performance.now() - phone.lastSeen < FORGET_AFTER_MS) continue
    phones.delete(key)
    phone.path.socket.close()
  }
}, FORGET_AFTER_MS)

// A name that is not there for a moment loses datagrams, as networks do.
function tell({ message }: Error): void {
  console.error(message)
}

front.bind(Number(values.listen))
await once(front, 'listening')
createServer((_, response) => response.end(JSON.stringify({ up: up.truth(), down: down.truth() })))
  .listen(Number(values.health))
  .once('listening', () => console.error(`to ${values.server}`))
process.once('SIGTERM', () => process.exit())
