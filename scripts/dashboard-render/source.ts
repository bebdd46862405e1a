import { globSync } from 'node:fs'
import { join } from 'node:path'
import { openStand } from '../dashboards/stand.ts'
import type { Options } from './options.ts'
import type { TimeRange } from './queries/prometheus.ts'

const PROJECT = join(import.meta.dirname, '../..')

/** Where the numbers of the pictures come from. */
export interface Source {
  readonly url: string
  readonly range: TimeRange
  readonly scrapeMs: number
  close(): Promise<void>
}

/** The Prometheus that was named, or one of our own with recorded data and our rules. */
export async function openSource(options: Options): Promise<Source> {
  const { prometheusUrl, sinceMs, scrapeMs } = options
  if (prometheusUrl !== undefined) {
    const to = Date.now()
    const range = { from: to - sinceMs, to }
    return { url: prometheusUrl, range, scrapeMs, close: async () => {} }
  }
  const ruleFiles = globSync(join(PROJECT, 'alerts/*.rules.yml'))
  const stand = await openStand({ ruleFiles })
  return {
    url: stand.prometheusUrl,
    range: { from: stand.fromMs, to: stand.toMs },
    scrapeMs: stand.scrapeIntervalS * 1000,
    close: () => stand.stop(),
  }
}

/** The dashboards that are committed. */
export function allDashboards(): string[] {
  return globSync(join(PROJECT, 'dashboards/*.json')).sort()
}
