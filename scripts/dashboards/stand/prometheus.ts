/** The real Prometheus of the stand, with a past that is filled in before it starts. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { peer } from '../../../test/live/peers.ts'
import type { Owner } from '../../../test/live/processes.ts'
import { freePort, run, start } from '../../../test/live/processes.ts'
import { until } from '../../../test/support/until.ts'

/** Labels that every series of the stand has, as one scrape configuration would give them. */
export const JOB = 'quic-lb'
export const INSTANCE = 'exporter:19114'

export interface PrometheusOptions {
  readonly directory: string
  /** `host:port` of the exporter. */
  readonly target: string
  readonly ruleFiles: readonly string[]
}

/** Puts samples of the past into the database; before it is opened. */
export async function backfill(owner: Owner, directory: string, file: string): Promise<void> {
  const { code, stderr } = await run(owner, {
    program: peer('promtool'),
    args: [
      ...['tsdb', 'create-blocks-from', 'openmetrics', '--quiet'],
      ...[`--label=job=${JOB}`, `--label=instance=${INSTANCE}`],
      ...[file, join(directory, 'data')],
    ],
  })
  if (code !== 0) throw new Error(`promtool: ${stderr}`)
}

/** Starts it; resolves to its URL when it is ready. */
export async function startPrometheus(owner: Owner, options: PrometheusOptions): Promise<string> {
  const { directory, target, ruleFiles } = options
  const port = await freePort()
  const configuration = `global:
  scrape_interval: 1s
  scrape_timeout: 1s
  evaluation_interval: 1s
rule_files: ${JSON.stringify(ruleFiles)}
scrape_configs:
  - job_name: ${JOB}
    static_configs:
      - targets: ['${target}']
        labels:
          instance: '${INSTANCE}'
`
  await writeFile(join(directory, 'prometheus.yml'), configuration)
  const running = start(owner, {
    program: peer('prometheus'),
    args: [
      ...['--config.file', 'prometheus.yml', '--storage.tsdb.path', 'data'],
      ...['--storage.tsdb.retention.time', '60d'],
      ...['--web.listen-address', `127.0.0.1:${port}`, '--log.level', 'warn'],
    ],
    cwd: directory,
  })
  const url = `http://127.0.0.1:${port}`
  const isReady = async () => {
    if (!running.isRunning()) throw new Error(`Prometheus ended: ${running.stderr()}`)
    const answer = await fetch(`${url}/-/ready`).catch(() => undefined)
    await answer?.body?.cancel()
    return answer?.ok
  }
  await until('Prometheus to be ready', isReady, { withinMs: 60_000, everyMs: 100 })
  return url
}
