/** Probing in this process, of real servers, and faster than a configuration may ask for. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import { loadConfig } from '../../exporter/config/load.ts'
import type { Config } from '../../exporter/config/schema.ts'
import { createLogger } from '../../exporter/logging.ts'
import { renderStore } from '../../exporter/metrics/render.ts'
import { MetricStore } from '../../exporter/metrics/store.ts'
import { MACHINE_CLOCK, type ProbeClock } from '../../exporter/probing/clock.ts'
import { Probing } from '../../exporter/probing/probing.ts'
import type { SavedVerdict } from '../../exporter/probing/verdicts.ts'
import { type Page, parsePage, total } from './page.ts'
import { until } from './until.ts'

/** A backend that is well or not, and knows how often it was asked. */
export interface HealthServer {
  readonly port: number
  readonly url: string
  /** Requests so far. */
  asked: number
  /** Connections so far. */
  connections: number
  status: number
  /** Refuses connections from now on. */
  close(): Promise<void>
  /** At the same port. */
  open(): Promise<void>
}

export async function startHealthServer(t: Test): Promise<HealthServer> {
  let server: Server | undefined
  const health: HealthServer = {
    port: 0,
    url: '',
    asked: 0,
    connections: 0,
    status: 200,
    async close() {
      const closing = server
      server = undefined
      if (closing === undefined) return
      const closed = once(closing.close(), 'close')
      closing.closeAllConnections()
      await closed
    },
    async open() {
      server = createServer((_request, response) => {
        health.asked += 1
        response.writeHead(health.status).end('ok\n')
      })
      server.on('connection', () => {
        health.connections += 1
      })
      await once(server.listen(health.port, '127.0.0.1'), 'listening')
    },
  }
  await health.open()
  const { port } = (server as unknown as Server).address() as AddressInfo
  t.teardown(() => health.close())
  return Object.assign(health, { port, url: `http://127.0.0.1:${port}/health` })
}

/** How often tests probe; `rise` is 2, `fall` 3 unless a backend says otherwise. */
const FAST = { intervalMs: 40, timeoutMs: 1000 }

/** A checked configuration, probed often. */
export function probingConfig(written: object, times: Partial<Config['probes']> = FAST): Config {
  const text = JSON.stringify(written)
  const request = { file: 'config.yml', flags: {}, env: {}, readFile: () => text }
  const { config, errors } = loadConfig(request)
  if (config === undefined) throw new Error(errors.join('\n'))
  return { ...config, probes: { ...config.probes, ...times } }
}

export interface Probed {
  readonly probing: Probing
  readonly store: MetricStore
  /** What was logged, a line each. */
  readonly lines: string[]
  page(): Promise<Page>
  /** Waits until the sum of a family's series is as wanted. */
  untilTotal(
    name: string,
    labels: Readonly<Record<string, string>>,
    holds: (value: number | undefined) => boolean,
  ): Promise<void>
}

/** Probes until the end of the test. */
export function startProbing(
  t: Test,
  config: Config,
  {
    clock = MACHINE_CLOCK,
    saved = [],
    maxSeries = 20_000,
  }: { clock?: ProbeClock; saved?: readonly SavedVerdict[]; maxSeries?: number } = {},
): Probed {
  const store = new MetricStore(maxSeries)
  const lines: string[] = []
  const stream = { write: (line: string) => lines.push(line) }
  const log = createLogger({ level: 'info', format: 'logfmt', stream })
  const probing = new Probing(config, { store, log, clock })
  probing.restore(saved)
  probing.start()
  t.teardown(() => probing.stop())
  const page = async () => parsePage(await renderStore(store))
  return {
    probing,
    store,
    lines,
    page,
    async untilTotal(name, labels, holds) {
      let value: number | undefined
      const look = async () => {
        value = total(await page(), name, labels)
        return holds(value)
      }
      const what = `${name} ${JSON.stringify(labels)}`
      await until(what, look, { withinMs: 20_000 }).catch((error: Error) => {
        throw new Error(`${error.message}: ${value}\n${lines.join('')}`)
      })
    },
  }
}
