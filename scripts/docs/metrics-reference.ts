/** docs/metrics.md: every family that the exporter registers, as the registry itself knows it. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { BackendNames } from '../../exporter/collectors/backend-names.ts'
import { backendProbeMetrics } from '../../exporter/collectors/backend-probes.ts'
import { combine } from '../../exporter/collectors/collector.ts'
import { frontProbeMetrics } from '../../exporter/collectors/front-probes.ts'
import { collectors } from '../../exporter/collectors/index.ts'
import { inputMetrics } from '../../exporter/collectors/input.ts'
import { probingMetrics } from '../../exporter/collectors/probing.ts'
import { processMetrics } from '../../exporter/collectors/process.ts'
import { retentionMetrics } from '../../exporter/collectors/retention.ts'
import { reloadMetrics, stateMetrics } from '../../exporter/collectors/state.ts'
import { tailingMetrics } from '../../exporter/collectors/tailing.ts'
import { canonicalBound } from '../../exporter/metrics/canonical.ts'
import { type Family, Histogram } from '../../exporter/metrics/family.ts'
import { MetricStore, PROCESS } from '../../exporter/metrics/store.ts'
import { QUIC_RUNGS } from '../../exporter/probers/quic/ladder.ts'

const HEAD = `# Metrics

*Generated from the registry by \`npm run docs\`; change the collector instead.*

Every family that comes from an input carries the label \`source\` (the name of the source in the
configuration). **Absent is not zero**: a metric that the producer of a source cannot give is not on the
page; \`quic_exporter_source_capability{source,signal} 0\` names it. What a source can give starts at 0.
Which producer gives which is the table in [dialects.md](dialects.md#which-metric-from-whom).

A histogram marked *one sample per active connection-second* counts busy connection-seconds, one marked
*one observation per connection* counts connections. Sums and counters are kept as integers.

Beside these, the page has the client library's \`process_*\`, \`nodejs_eventloop_lag_*\`,
\`nodejs_heap_size_*\` and \`nodejs_version_info\`.
`

const NO_ROOM = 0

/** The whole document; below the folder is what the reference set-up was seen to have. */
export function metricsReference(fixtures: string): string {
  const store = new MetricStore(NO_ROOM)
  combine(collectors, store, new BackendNames())
  inputMetrics(store)
  tailingMetrics(store)
  retentionMetrics(store)
  stateMetrics(store)
  reloadMetrics(store)
  backendProbeMetrics(store)
  frontProbeMetrics(store, QUIC_RUNGS)
  probingMetrics(store)
  processMetrics(
    store,
    { version: 'VERSION', revision: 'REVISION', nodeVersion: 'VERSION' },
    { files: 0, connections: 0 },
  )
  // What overflow is counted by is there from the first one on.
  store.families.find(({ spec }) => spec.signal !== undefined)?.open(PROCESS)
  const families = [...store.families].sort((a, b) => (a.spec.name < b.spec.name ? -1 : 1))
  const signals = families.filter(({ spec }) => spec.signal !== undefined)
  const requests = signals.filter(({ spec }) => spec.name.startsWith('quic_lb_'))
  const quic = signals.filter((family) => !requests.includes(family))
  const probed = families.filter(({ spec }) => spec.owner === 'backend')
  const fronts = families.filter(({ spec }) => spec.owner === 'target')
  const own = families.filter((one) => ![...signals, ...probed, ...fronts].includes(one))
  return [
    HEAD,
    '## QUIC transport\n',
    ...quic.map(entry),
    '## Requests and backends\n',
    ...requests.map(entry),
    '## Backends, as our own probes find them\n',
    ...probed.map(entry),
    '## Front doors, as our own probes find them\n',
    ...fronts.map(entry),
    '## The exporter itself\n',
    ...own.map(entry),
    seriesTable(fixtures),
  ].join('\n')
}

/** How many series each family has in the reference set-up: test/series-budget.test.ts counts them. */
function seriesTable(fixtures: string): string {
  const counts = JSON.parse(readFileSync(join(fixtures, 'series.json'), 'utf8')) as object
  const rows = Object.entries(counts) as [string, number][]
  const all = rows.reduce((sum, [, count]) => sum + count, 0)
  return [
    '## How many series\n',
    'A usual set-up: one qlog directory of Caddy, its request log, ten backends under probe, one front door. What',
    `really is on its page are **${all}** series, of at most 1,200. \`test/series-budget.test.ts\` counts them; a`,
    'family that is not in the table is not on that page. A further backend adds about forty, a further source what',
    'it can tell.\n',
    '| family | series |',
    '|---|---|',
    ...rows.map(([name, count]) => `| \`${name}\` | ${count} |`),
    '',
  ].join('\n')
}

const OWNERS = {
  source: 'name from the configuration',
  backend: 'name from the configuration, from a file of targets, or of a balancer that is asked',
  target: 'name from the configuration',
} as const

function entry(family: Family): string {
  const { name, help, labels = {}, owner = 'source' } = family.spec
  const lines = [`### \`${name}\``, '', `${family.type}. ${help}`, '']
  const sets = Object.entries(labels).map(
    ([label, values]) => `  - \`${label}\`: ${valuesText(label, values)}`,
  )
  if (owner !== '') sets.unshift(`  - \`${owner}\`: ${OWNERS[owner]}`)
  if (sets.length > 0) lines.push('- labels:', ...sets)
  if (family instanceof Histogram) {
    lines.push(`- buckets: ${family.buckets.map(canonicalBound).join(' ')}`)
  }
  return `${lines.join('\n')}\n`
}

function valuesText(label: string, values: readonly string[]): string {
  if (label === 'signal') return 'name of a metric that a source may or may not give'
  if (label === 'metric') return 'name of a metric that the limit is for'
  if (label === 'backend') return 'name from the configuration, or other'
  return values.join(', ')
}
