import { spawn } from 'node:child_process'
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { Link, type LinkOptions } from '../scripts/udp-relay/link.ts'
import { type RelayOptions, startRelay } from '../scripts/udp-relay/relay.ts'
import { until } from './support/until.ts'

const COMMAND = fileURLToPath(new URL('../scripts/udp-relay.ts', import.meta.url))
const SOON = { withinMs: 5000, everyMs: 2 }

interface Received {
  readonly text: string
  readonly from: RemoteInfo
}

interface Endpoint {
  readonly socket: Socket
  readonly port: number
  readonly received: Received[]
}

async function openEndpoint(test: Test): Promise<Endpoint> {
  const socket = createSocket('udp4')
  const received: Received[] = []
  socket.on('message', (datagram, from) => received.push({ text: datagram.toString(), from }))
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  test.teardown(() => socket.close())
  return { socket, port: socket.address().port, received }
}

/** A server that sends every datagram back to where it came from. */
async function openEchoServer(test: Test): Promise<Endpoint> {
  const server = await openEndpoint(test)
  server.socket.on('message', (datagram, from) =>
    server.socket.send(datagram, from.port, from.address),
  )
  return server
}

async function openRelay(test: Test, options: RelayOptions) {
  const relay = await startRelay(options)
  test.teardown(() => relay.close())
  return relay
}

/** A link under a clock that the test moves, and what came out of it with the time it came out. */
function linkUnderTest(options: LinkOptions) {
  let nowMs = 0
  const link = new Link(options, () => nowMs)
  const delivered: { ordinal: number; atMs: number }[] = []
  return {
    link,
    delivered,
    send: (ordinal: number, bytes = 100) =>
      link.send(bytes, 0, () => delivered.push({ ordinal, atMs: nowMs })),
    advanceTo: (ms: number) => {
      nowMs = ms
      link.flush()
    },
  }
}

t.test('a link without options passes everything on at once', async (t) => {
  const { link, delivered, send } = linkUnderTest({})
  for (let ordinal = 0; ordinal < 3; ordinal += 1) send(ordinal)
  t.same(
    delivered.map((datagram) => datagram.ordinal),
    [0, 1, 2],
  )
  t.same(link.truth(), {
    arrived: 3,
    arrivedBytes: 300,
    lost: 0,
    queueDropped: 0,
    delivered: 3,
    deliveredBytes: 300,
  })
})

t.test('a delay holds every datagram back and keeps the order', async (t) => {
  const { link, delivered, send, advanceTo } = linkUnderTest({ delayMs: 20 })
  send(0)
  advanceTo(5)
  send(1)
  advanceTo(19.9)
  t.same(delivered, [])
  advanceTo(20)
  t.same(delivered, [{ ordinal: 0, atMs: 20 }])
  advanceTo(25)
  t.same(delivered[1], { ordinal: 1, atMs: 25 })
  link.close()
})

t.test('a bottleneck spaces datagrams and drops what does not fit its queue', async (t) => {
  const { link, delivered, send, advanceTo } = linkUnderTest({
    bytesPerSecond: 10_000,
    queueBytes: 250,
  })
  for (let ordinal = 0; ordinal < 5; ordinal += 1) send(ordinal)
  for (let ms = 0; ms <= 100; ms += 10) advanceTo(ms)
  t.same(
    delivered,
    [0, 1, 2].map((ordinal) => ({ ordinal, atMs: (ordinal + 1) * 10 })),
    '100 bytes take 10 ms',
  )
  t.equal(link.truth().queueDropped, 2)
  link.close()
})

t.test('the same seed drops the same ordinals, another seed others', async (t) => {
  const survivors = (seed: number) => {
    const { delivered, send } = linkUnderTest({ loss: 0.1, seed })
    for (let ordinal = 0; ordinal < 1000; ordinal += 1) send(ordinal)
    return delivered.map((datagram) => datagram.ordinal)
  }
  t.same(survivors(7), survivors(7))
  t.not(survivors(7).join(), survivors(8).join())
  t.ok(Math.abs(survivors(7).length - 900) < 40, 'about as many as the probability says')
})

t.test('every datagram that arrived is accounted for', async (t) => {
  const options = fc.record({
    loss: fc.double({ min: 0, max: 1, noNaN: true }),
    delayMs: fc.nat(50),
    bytesPerSecond: fc.integer({ min: 1000, max: 1_000_000 }),
    queueBytes: fc.nat(20_000),
    seed: fc.nat(),
  })
  const sizes = fc.array(fc.record({ bytes: fc.integer({ min: 1, max: 1500 }), gapMs: fc.nat(5) }))
  fc.assert(
    fc.property(options, sizes, (linkOptions, datagrams) => {
      const { link, delivered, send, advanceTo } = linkUnderTest(linkOptions)
      let nowMs = 0
      for (const [ordinal, { bytes, gapMs }] of datagrams.entries()) {
        nowMs += gapMs
        advanceTo(nowMs)
        send(ordinal, bytes)
      }
      advanceTo(nowMs + 1_000_000)
      link.close()
      const truth = link.truth()
      const order = delivered.map((datagram) => datagram.ordinal)
      return (
        truth.arrived === datagrams.length &&
        truth.arrived === truth.lost + truth.queueDropped + truth.delivered &&
        order.every((ordinal, index) => index === 0 || ordinal > (order[index - 1] ?? 0))
      )
    }),
  )
  t.pass()
})

t.test('clients do not get one another’s answers', async (t) => {
  const server = await openEchoServer(t)
  const relay = await openRelay(t, { serverPort: server.port })
  const [one, two] = [await openEndpoint(t), await openEndpoint(t)]
  one.socket.send('one', relay.port, '127.0.0.1')
  two.socket.send('two', relay.port, '127.0.0.1')
  await until('both echoes', () => one.received.length === 1 && two.received.length === 1, SOON)
  t.equal(one.received[0]?.text, 'one')
  t.equal(two.received[0]?.text, 'two')
  t.match(relay.stats(), {
    clients: 2,
    up: { arrived: 2, delivered: 2, deliveredBytes: 6 },
    down: { arrived: 2, delivered: 2, deliveredBytes: 6 },
  })
})

t.test('a rebinding gives the server a new port and address, answers still arrive', async (t) => {
  const server = await openEchoServer(t)
  const relay = await openRelay(t, {
    serverPort: server.port,
    rebinds: [{ atMs: 20 }, { atMs: 300, address: '127.0.0.7' }],
  })
  const client = await openEndpoint(t)
  const sources = () => new Set(server.received.map(({ from }) => `${from.address}:${from.port}`))
  await until(
    'three sources at the server',
    () => {
      client.socket.send('ping', relay.port, '127.0.0.1')
      return sources().size === 3
    },
    SOON,
  )
  await until('all echoes', () => client.received.length === server.received.length, SOON)
  t.same(
    [...sources()].map((source) => source.split(':')[0]),
    ['127.0.0.1', '127.0.0.1', '127.0.0.7'],
  )
  t.equal(relay.stats().rebinds, 2)
})

t.test('loss on new paths spares the first path and the way to the server', async (t) => {
  const server = await openEchoServer(t)
  const relay = await openRelay(t, {
    serverPort: server.port,
    rebinds: [{ atMs: 20 }],
    newPathLossDown: 1,
  })
  const client = await openEndpoint(t)
  client.socket.send('before', relay.port, '127.0.0.1')
  await until('the echo on the first path', () => client.received.length === 1, SOON)
  await until('the move', () => relay.stats().rebinds === 1, SOON)
  client.socket.send('after', relay.port, '127.0.0.1')
  await until('the drop on the second path', () => relay.stats().down.lost === 1, SOON)
  t.equal(server.received.at(-1)?.text, 'after')
  t.equal(client.received.length, 1)
  t.equal(relay.stats().up.lost, 0)
})

t.test('in a black hole nothing passes in either direction, afterwards all does', async (t) => {
  const server = await openEchoServer(t)
  const relay = await openRelay(t, {
    serverPort: server.port,
    blackHole: { fromMs: 0, toMs: 60 },
  })
  const client = await openEndpoint(t)
  await until(
    'the first echo',
    () => {
      client.socket.send('ping', relay.port, '127.0.0.1')
      return client.received.length > 0
    },
    SOON,
  )
  const { up } = relay.stats()
  t.ok(up.lost > 0)
  t.equal(up.arrived, up.lost + up.delivered)
})

t.test('closed twice it gives the same numbers', async (t) => {
  const server = await openEchoServer(t)
  const relay = await openRelay(t, { serverPort: server.port })
  const client = await openEndpoint(t)
  client.socket.send('ping', relay.port, '127.0.0.1')
  await until('the echo', () => client.received.length > 0, SOON)
  const truth = await relay.close()
  t.match(truth, { up: { delivered: 1 }, down: { delivered: 1 } })
  t.same(await relay.close(), truth)
})

t.test('as a command it prints its truth at SIGTERM', async (t) => {
  const server = await openEchoServer(t)
  const args = ['--server', String(server.port), '--loss-down', '1', '--rebind', '5@127.0.0.9']
  const command = spawn(process.execPath, [COMMAND, ...args])
  t.teardown(() => command.kill('SIGKILL'))
  let output = ''
  let greeting = ''
  command.stdout.on('data', (text) => (output += text))
  command.stderr.on('data', (text) => (greeting += text))
  const port = await until('the port', () => /127\.0\.0\.1:(\d+)/.exec(greeting)?.[1], {
    withinMs: 20_000,
  })
  const client = await openEndpoint(t)
  await until(
    'a datagram from the new address',
    () => {
      client.socket.send('ping', Number(port), '127.0.0.1')
      return server.received.some(({ from }) => from.address === '127.0.0.9')
    },
    SOON,
  )
  command.kill('SIGTERM')
  await once(command, 'close')
  t.match(JSON.parse(output), { clients: 1, rebinds: 1, down: { delivered: 0 } })
  t.equal(client.received.length, 0)
})
