import { parseArgs } from 'node:util'
import { type Rebind, type RelayOptions, startRelay } from './udp-relay/relay.ts'

const USAGE = `usage: udp-relay.ts --server [ADDRESS:]PORT [options]
  --listen PORT              port for the clients (default: a free one, printed on standard error)
  --loss-up P, --loss-down P chance that a datagram to / from the server is dropped
  --delay MS                 one-way delay in both directions, order kept
  --rate BYTES, --queue BYTES  bottleneck per second and what may wait for it, in both directions
  --rebind MS[@ADDRESS]      the client moves to a new port, or address; repeatable
  --new-path-loss P          loss from the server on every path after the first
  --black-hole FROM-TO       nothing passes between these milliseconds
  --seed N                   start of the random series
At SIGTERM or SIGINT it prints what really happened as one line of JSON.`

function parseRebind(text: string): Rebind {
  const [atMs, address] = text.split('@')
  return { atMs: Number(atMs), ...(address === undefined ? {} : { address }) }
}

function parseCommandLine(args: readonly string[]): RelayOptions {
  const text = { type: 'string' } as const
  const { values } = parseArgs({
    args: [...args],
    options: {
      server: text,
      listen: text,
      'loss-up': text,
      'loss-down': text,
      delay: text,
      rate: text,
      queue: text,
      rebind: { type: 'string', multiple: true },
      'new-path-loss': text,
      'black-hole': text,
      seed: text,
    },
  })
  const server = values.server?.split(':') ?? []
  const number = (value: string | undefined, key: string) =>
    value === undefined ? {} : { [key]: Number(value) }
  const both = {
    ...number(values.delay, 'delayMs'),
    ...number(values.rate, 'bytesPerSecond'),
    ...number(values.queue, 'queueBytes'),
    ...number(values.seed, 'seed'),
  }
  const [fromMs, toMs] = values['black-hole']?.split('-').map(Number) ?? []
  return {
    serverPort: Number(server.at(-1)),
    ...(server.length === 2 ? { serverAddress: String(server[0]) } : {}),
    ...number(values.listen, 'listenPort'),
    up: { ...both, ...number(values['loss-up'], 'loss') },
    down: { ...both, ...number(values['loss-down'], 'loss') },
    rebinds: (values.rebind ?? []).map(parseRebind),
    ...number(values['new-path-loss'], 'newPathLossDown'),
    ...(fromMs !== undefined && toMs !== undefined ? { blackHole: { fromMs, toMs } } : {}),
  }
}

const options = parseCommandLine(process.argv.slice(2))
if (!(options.serverPort > 0)) {
  console.error(USAGE)
  process.exit(2)
}
const relay = await startRelay(options)
console.error(`relay on 127.0.0.1:${relay.port} to port ${options.serverPort}`)
const stop = async () => console.log(JSON.stringify(await relay.close()))
process.once('SIGTERM', stop).once('SIGINT', stop)
