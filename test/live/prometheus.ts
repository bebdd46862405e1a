import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import { until } from '../support/until.ts'
import { peer } from './peers.ts'
import { freePort, start } from './processes.ts'
import { temporaryDirectory } from './workspace.ts'

/** What Prometheus says about its one target. */
export interface Target {
  readonly health: string
  /** Why the last scrape failed, a page it cannot read included; empty if it did not fail. */
  readonly lastError: string
}

/** A running Prometheus that scrapes one address. */
export interface Prometheus {
  readonly url: string
  /** The value of an expression that yields one sample; undefined if it yields none. */
  query(expression: string): Promise<number | undefined>
  target(): Promise<Target>
}

// As long as the interval, so that a busy machine does not make a slow scrape a failed one.
const configuration = (address: string) => `global:
  scrape_interval: 2s
  scrape_timeout: 2s
scrape_configs:
  - job_name: quic-lb-exporter
    static_configs:
      - targets: ['${address}']
`

/** Starts a Prometheus that scrapes this address every two seconds, and waits until it is ready. */
export async function startPrometheus(t: Test, address: string): Promise<Prometheus> {
  const directory = await temporaryDirectory(t)
  const port = await freePort()
  await writeFile(join(directory, 'prometheus.yml'), configuration(address))
  const running = start(t, {
    program: peer('prometheus'),
    args: [
      ...['--config.file', 'prometheus.yml', '--storage.tsdb.path', 'data'],
      ...['--web.listen-address', `127.0.0.1:${port}`, '--log.level', 'warn'],
    ],
    cwd: directory,
  })
  const url = `http://127.0.0.1:${port}`
  const get = (path: string) => fetch(`${url}${path}`)
  const isReady = async () => {
    if (!running.isRunning()) throw new Error(`Prometheus ended: ${running.stderr()}`)
    const answer = await get('/-/ready').catch(() => undefined)
    await answer?.body?.cancel()
    return answer?.ok
  }
  await until('Prometheus to be ready', isReady, { withinMs: 30_000, everyMs: 100 })
  const ask = async (path: string) => {
    const answer = (await (await get(`/api/v1/${path}`)).json()) as Answer
    if (answer.data === undefined) throw new Error(`Prometheus: ${answer.error}`)
    return answer.data
  }
  return {
    url,
    query: async (expression) => {
      const { result = [] } = await ask(`query?query=${encodeURIComponent(expression)}`)
      if (result.length > 1) throw new Error(`${expression} yields ${result.length} samples`)
      return result[0] && Number(result[0].value[1])
    },
    target: async () => {
      const [target] = (await ask('targets?state=active')).activeTargets ?? []
      if (target === undefined) throw new Error('Prometheus has no target')
      return { health: target.health, lastError: target.lastError }
    },
  }
}

interface Answer {
  readonly error?: string
  readonly data?: {
    readonly result?: readonly { readonly value: readonly [number, string] }[]
    readonly activeTargets?: readonly Target[]
  }
}
