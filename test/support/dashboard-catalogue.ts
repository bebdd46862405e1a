/** Every metric that may stand on the exporter's page, with its labels, as docs/metrics.md has them from the registry. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Family {
  readonly type: 'counter' | 'gauge' | 'histogram'
  /** Values of each label; undefined where it is a name from the configuration. */
  readonly labels: Readonly<Record<string, readonly string[] | undefined>>
}

const METRICS = join(import.meta.dirname, '../../docs/metrics.md')

/** What the client library and Prometheus itself add. */
const OTHERS: Readonly<Record<string, Family>> = {
  process_start_time_seconds: gauge(),
  process_resident_memory_bytes: gauge(),
  process_cpu_seconds_total: { type: 'counter', labels: {} },
  nodejs_eventloop_lag_p99_seconds: gauge(),
  nodejs_heap_size_used_bytes: gauge(),
  // Registered when it is needed first.
  quic_exporter_label_overflow_total: { type: 'counter', labels: { metric: undefined } },
  scrape_duration_seconds: gauge(),
  scrape_samples_post_metric_relabeling: gauge(),
  ALERTS: gauge('alertname', 'alertstate', 'severity', 'source', 'backend'),
}

/** Recording rules that panels use: the dashboards work without all others. */
const RECORDED: Readonly<Record<string, Family>> = {
  'backend:quic_lb_health_score': gauge('backend'),
  'backend:quic_lb_health_score:term': {
    type: 'gauge',
    labels: {
      backend: undefined,
      term: ['up', 'probes', 'requests', 'response_time', 'breaker'],
    },
  },
}

/** The families of the exporter itself. */
export function exporterFamilies(): Record<string, Family> {
  return parse(readFileSync(METRICS, 'utf8'))
}

/** Families that not every source can give: those of what logs tell. */
export function signals(): ReadonlySet<string> {
  const sections = readFileSync(METRICS, 'utf8').split(/^## /m)
  const told = sections.filter((one) => /^(QUIC transport|Requests and backends)\n/.test(one))
  return new Set(told.flatMap((one) => Object.keys(parse(one))))
}

/** Everything that an expression may name. */
export function knownFamilies(): Record<string, Family> {
  return { ...exporterFamilies(), ...OTHERS, ...RECORDED }
}

/** The family of a series: `_bucket`, `_sum` and `_count` belong to their histogram. */
export function familyOf(
  name: string,
  families: Readonly<Record<string, Family>>,
): readonly [string, Family] | undefined {
  const exact = families[name]
  if (exact !== undefined && exact.type !== 'histogram') return [name, exact]
  const histogram = name.replace(/_(bucket|sum|count)$/, '')
  const family = families[histogram]
  return family?.type === 'histogram' && histogram !== name ? [histogram, family] : undefined
}

/** Labels of a family's series besides job and instance. */
export function labelsOf(name: string, family: Family): readonly string[] {
  return [...Object.keys(family.labels), ...(name.endsWith('_bucket') ? ['le'] : [])]
}

function gauge(...labels: readonly string[]): Family {
  return { type: 'gauge', labels: Object.fromEntries(labels.map((label) => [label, undefined])) }
}

function parse(document: string): Record<string, Family> {
  const entries = document.split(/^### /m).slice(1)
  return Object.fromEntries(
    entries.map((entry) => {
      const name = /^`(\w+)`/.exec(entry)?.[1]
      const type = /^(counter|gauge|histogram)\./m.exec(entry)?.[1]
      if (name === undefined || type === undefined) throw new Error(`docs/metrics.md: ${entry}`)
      const labels = [...entry.matchAll(/^ {2}- `(\w+)`: (.*)$/gm)].map(
        ([, label, values = '']) => [
          label,
          /^(name (from|of)|VERSION|REVISION)/.test(values) ? undefined : values.split(', '),
        ],
      )
      return [name, { type: type as Family['type'], labels: Object.fromEntries(labels) }]
    }),
  )
}
