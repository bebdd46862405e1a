/** What the exporter of the stand probes: two backends of its own, and a real Caddy as third and as front door. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Config } from '../../../exporter/config/schema.ts'
import { startCaddy } from '../../../test/live/caddy.ts'
import type { Owner } from '../../../test/live/processes.ts'
import type { Mood } from './script.ts'

export interface Probed {
  /** What the hour is about: backends fail while they should. */
  mood: Mood
  /** The parts `backends`, `modules`, `targets` of the configuration. */
  readonly configuration: string
}

/** Backends by the names that the recordings have for them. */
const ALIASES = [1, 2, 3].map((n) => `['127.0.0.1:900${n}', '127.0.0.1:1900${n}', app/b${n}]`) as [
  string,
  string,
  string,
]

export async function startProbed(owner: Owner): Promise<Probed> {
  const { port } = await startCaddy(owner, { page: 20_000 })
  const probed: { mood: Mood; configuration: string } = { mood: 'calm', configuration: '' }
  const steady = await backend(owner, () => 200)
  const failing = await backend(owner, () => (probed.mood === 'failing' ? 503 : 200))
  const page = `https://localhost:${port}/page`
  probed.configuration = `backends:
  - {name: app-1, aliases: ${ALIASES[0]}, probe: 'http://127.0.0.1:${steady}/'}
  - {name: app-2, aliases: ${ALIASES[1]}, probe: 'http://127.0.0.1:${failing}/'}
  - {name: app-3, aliases: ${ALIASES[2]}, probe: '${page}', module: any-certificate}
modules:
  - {name: any-certificate, insecure_skip_verify: true}
targets:
  - {name: campus, address: 'localhost:${port}', compare: '${page}', compare_module: any-certificate}
`
  return probed
}

/** The same with another pace: the hour is played faster than a configuration may ask for. */
export function paced(config: Config, intervalMs: number): Config {
  return { ...config, probes: { ...config.probes, intervalMs, timeoutMs: intervalMs * 0.9 } }
}

async function backend(owner: Owner, status: () => number): Promise<number> {
  const server = createServer((_request, response) => response.writeHead(status()).end('ok'))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  owner.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}
