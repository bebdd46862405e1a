/** The shipped rules in a real Prometheus, in a hurry: every duration a sixtieth, every threshold as it is. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import { parse, stringify } from 'yaml'
import { until } from '../support/until.ts'
import { peer } from './peers.ts'
import { freePort, start } from './processes.ts'

const ALERTS = join(import.meta.dirname, '../../alerts')

/** By how much time is shortened. */
export const HURRY = 60

const MS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

/** `for`, ranges and offsets divided by `HURRY`, ranges to no less than 3 s; nothing else is touched. */
export function inAHurry(rules: string): string {
  const { groups } = parse(rules) as { groups: { rules: { expr: string; for?: string }[] }[] }
  for (const rule of groups.flatMap((group) => group.rules)) {
    rule.expr = rule.expr.replace(/(?<=\[|offset )\d+[smhdw]/g, (text) => shorter(text, 3000))
    if (rule.for !== undefined) rule.for = shorter(rule.for, 0)
  }
  return stringify({ groups }, { aliasDuplicateObjects: false })
}

/** With a scrape a second, three seconds are what a rate needs. */
function shorter(duration: string, atLeastMs: number): string {
  const ms = Number.parseInt(duration, 10) * (MS[duration.slice(-1)] ?? Number.NaN)
  return `${Math.max(atLeastMs, Math.round(ms / HURRY))}ms`
}

/** Starts a Prometheus with the shipped rules, which scrapes these addresses and tells this Alertmanager. */
export async function startAlertingPrometheus(
  t: Test,
  directory: string,
  addresses: readonly string[],
  alertmanager: string,
): Promise<void> {
  const home = join(directory, 'prometheus')
  await mkdir(home)
  for (const name of ['recording.rules.yml', 'quic.rules.yml']) {
    await writeFile(join(home, name), inAHurry(await readFile(join(ALERTS, name), 'utf8')))
  }
  const shipped = parse(await readFile(join(ALERTS, 'prometheus.yml'), 'utf8'))
  const configuration = {
    ...shipped,
    global: {
      ...shipped.global,
      scrape_interval: '1s',
      scrape_timeout: '1s',
      evaluation_interval: '1s',
    },
    alerting: { alertmanagers: [{ static_configs: [{ targets: [alertmanager] }] }] },
    scrape_configs: [{ job_name: 'quic-lb', static_configs: [{ targets: addresses }] }],
  }
  await writeFile(join(home, 'prometheus.yml'), stringify(configuration))
  const address = `127.0.0.1:${await freePort()}`
  const running = start(t, {
    program: peer('prometheus'),
    args: [
      ...['--config.file', 'prometheus.yml', '--storage.tsdb.path', 'data'],
      ...['--web.listen-address', address, '--log.level', 'warn'],
      // It finds its Alertmanager after the first alert and would try again in a minute.
      '--rules.alert.resend-delay=2s',
    ],
    cwd: home,
  })
  const isReady = async () => {
    if (!running.isRunning()) throw new Error(`Prometheus ended: ${running.stderr()}`)
    const answer = await fetch(`http://${address}/-/ready`).catch(() => undefined)
    await answer?.body?.cancel()
    return answer?.ok
  }
  await until('Prometheus to be ready', isReady, { withinMs: 30_000, everyMs: 100 })
}
