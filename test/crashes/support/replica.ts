import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { peer } from '../../live/peers.ts'
import { freePort } from '../../live/processes.ts'
import { until } from '../../support/until.ts'
import { temporaryDirectory } from './directory.ts'
import { Restartable } from './restartable.ts'
import type { Scope } from './scope.ts'
import type { Series } from './sums.ts'

/** One of the real Prometheus servers that scrape the same target, each in its own rhythm. */
export interface Replica {
  readonly name: string
  readonly intervalMs: number
  /** Raw samples, as they are stored, of all series that a selector without a range selects. */
  series(selector: string): Promise<Series[]>
  /** The values of an expression. */
  query(expression: string): Promise<number[]>
  /** The help texts of all metrics, by name. */
  help(): Promise<ReadonlyMap<string, string>>
  /** Resolves when a successful scrape that began after this moment (Unix ms) is stored. */
  untilScraped(afterMs: number): Promise<void>
}

/** What a replica scrapes; several jobs let different programs be compared on one server. */
export interface Target {
  readonly job: string
  readonly address: string
}

// As long as the interval, so that a busy machine does not make a slow scrape a failed one.
const configuration = (targets: readonly Target[], intervalMs: number) =>
  JSON.stringify({
    global: { scrape_interval: `${intervalMs}ms`, scrape_timeout: `${intervalMs}ms` },
    scrape_configs: targets.map(({ job, address }) => ({
      job_name: job,
      static_configs: [{ targets: [address] }],
    })),
  })

/** Starts a Prometheus with a storage of its own and waits until it is ready. */
export async function startReplica(
  scope: Scope,
  targets: readonly Target[],
  intervalMs: number,
): Promise<Replica> {
  const directory = temporaryDirectory(scope)
  const address = `127.0.0.1:${await freePort()}`
  // YAML includes JSON.
  writeFileSync(join(directory, 'prometheus.yml'), configuration(targets, intervalMs))
  const server = new Restartable(scope, {
    program: peer('prometheus'),
    args: [
      ...['--config.file', 'prometheus.yml', '--storage.tsdb.path', 'data'],
      ...['--web.listen-address', address, '--log.level', 'warn'],
      // Five seconds otherwise, before the first scrape.
      ...['--scrape.discovery-reload-interval', '100ms'],
      // One query returns all that was scraped.
      ...['--query.max-samples', '500000000'],
    ],
    cwd: directory,
  })
  server.start()
  const name = `every ${intervalMs / 1000} s`
  const isReady = async () => {
    if (!server.isRunning) throw new Error(`Prometheus ended: ${server.stderr}`)
    const answer = await fetch(`http://${address}/-/ready`).catch(() => undefined)
    await answer?.body?.cancel()
    return answer?.ok
  }
  await until('Prometheus to be ready', isReady, { withinMs: 30_000, everyMs: 50 })
  const ask = async <T>(expression: string): Promise<readonly T[]> => {
    const body = new URLSearchParams({ query: expression })
    const answer = await fetch(`http://${address}/api/v1/query`, { method: 'POST', body })
    const { error, data } = (await answer.json()) as Answer<T>
    if (data === undefined) throw new Error(`Prometheus: ${error}`)
    return data.result
  }
  const query = async (expression: string) =>
    (await ask<{ value: [number, string] }>(expression)).map(({ value }) => Number(value[1]))
  return {
    name,
    intervalMs,
    query,
    series: async (selector) =>
      (
        await ask<{ metric: Record<string, string>; values: [number, string][] }>(`${selector}[1d]`)
      ).map(({ metric, values }) => ({
        labels: metric,
        samples: values.map(([time, value]) => [time, Number(value)] as const),
      })),
    help: async () => {
      const answer = await fetch(`http://${address}/api/v1/metadata`)
      const { data } = (await answer.json()) as { data: Record<string, { help: string }[]> }
      return new Map(Object.entries(data).map(([name, [first]]) => [name, first?.help ?? '']))
    },
    untilScraped: async (afterMs) => {
      const isScraped = async () => {
        const times = await query('timestamp(up) and up == 1')
        return times.length === targets.length && times.every((time) => time * 1000 > afterMs)
      }
      const withinMs = 30_000 + 3 * intervalMs
      await until(`a scrape ${name}`, isScraped, { withinMs, everyMs: 50 })
    },
  }
}

interface Answer<T> {
  readonly error?: string
  readonly data?: { readonly result: readonly T[] }
}
