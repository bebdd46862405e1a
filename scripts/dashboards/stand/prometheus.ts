/** The real Prometheus of the stand, with a past that is filled in before it starts. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { peer } from '../../../test/live/peers.ts'
import { freePort, type Owner, type Running, run, start } from '../../../test/live/processes.ts'
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

/** What recording rules would have recorded over some time (Unix ms) that lies in the database. */
export async function backfillRules(
  owner: Owner,
  options: PrometheusOptions,
  fromMs: number,
  toMs: number,
  stepS: number,
): Promise<void> {
  const { directory, ruleFiles } = options
  if (ruleFiles.length === 0) return
  const { url, running } = await startPrometheus(owner, { ...options, ruleFiles: [] })
  const { code, stdout, stderr } = await run(owner, {
    program: peer('promtool'),
    args: [
      ...['tsdb', 'create-blocks-from', 'rules', `--start=${Math.round(fromMs / 1000)}`],
      ...[`--end=${Math.round(toMs / 1000)}`, `--eval-interval=${stepS}s`, `--url=${url}`],
      ...[`--output-dir=${join(directory, 'data')}`, ...ruleFiles],
    ],
  })
  await running.stop()
  if (code !== 0) throw new Error(`promtool: ${stdout}${stderr}`)
}

/** Starts it; resolves when it is ready and has seen the exporter. */
export async function startPrometheus(
  owner: Owner,
  { directory, target, ruleFiles }: PrometheusOptions,
): Promise<{ readonly url: string; readonly running: Running }> {
  const port = await freePort()
  await writeFile(join(directory, 'prometheus.yml'), configuration(target, ruleFiles))
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
  await untilScraped(url)
  return { url, running }
}

function configuration(target: string, ruleFiles: readonly string[]): string {
  return `global:
  scrape_interval: 2s
  scrape_timeout: 2s
  evaluation_interval: 1s
rule_files: ${JSON.stringify(ruleFiles)}
scrape_configs:
  - job_name: ${JOB}
    static_configs:
      - targets: ['${target}']
        labels:
          instance: '${INSTANCE}'
    metric_relabel_configs:
      # It began when the hour did, by the clock of the pages; the real one would be a restart at the end.
      - source_labels: [__name__]
        regex: process_start_time_seconds
        action: drop
`
}

/** Waits until the last scrape was a good one; resolves to the time (Unix ms) of an answer that says so. */
export async function untilScraped(url: string): Promise<number> {
  const time = async () => {
    const now = Date.now()
    const answer = await fetch(`${url}/api/v1/query?query=up == 1&time=${now / 1000}`)
    const { data } = (await answer.json()) as { readonly data?: { readonly result: unknown[] } }
    return data?.result.length === 1 && now
  }
  return until('a scrape that succeeds', time, { withinMs: 60_000, everyMs: 200 })
}
