/** What can be chosen above the panels. */
import {
  CustomVariableBuilder,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { DATASOURCE } from './query.ts'

/** One that some dashboards have besides datasource, job and instance. */
export type Variable = 'source' | 'log' | 'backend' | 'baseline'

/** Every series of an exporter; `.*` would also match what has no such label at all. */
const ALL = '.+'
const OF_EXPORTER = 'job=~"$job", instance=~"$instance"'

/** Datasource, job, instance, and these. */
export function variables(more: readonly Variable[]) {
  return [
    new DatasourceVariableBuilder('datasource').label('Prometheus').type('prometheus'),
    several('job', 'Job', 'label_values(quic_exporter_build_info, job)'),
    several(
      'instance',
      'Instance',
      'label_values(quic_exporter_build_info{job=~"$job"}, instance)',
    ),
    ...more.map((name) => MORE[name]()),
  ]
}

// One source at a time: what two sources say of the same traffic must not be added up, and a line for each
// of them in each panel is too much to read.
const MORE = {
  source: () =>
    one(
      'source',
      'QUIC source',
      `label_values({__name__=~"quic_connections_total|quic_connection_migrations_total", ${OF_EXPORTER}}, source)`,
      'Source that tells of QUIC connections: a qlog directory, an error log, counters of a balancer',
    ),
  log: () =>
    one(
      'log',
      'Request log',
      `label_values(quic_lb_requests_total{${OF_EXPORTER}}, source)`,
      'Source that tells of requests of every HTTP version',
    ),
  backend: () =>
    several(
      'backend',
      'Backend',
      `label_values({__name__=~"quic_lb_backend_(up|reported_up|requests_total)", ${OF_EXPORTER}}, backend)`,
    ),
  baseline: () =>
    new CustomVariableBuilder('baseline')
      .label('Compare with')
      .description('How long ago the time is that is compared with')
      .values('1d,7d,14d')
      .current({ selected: true, text: '7d', value: '7d' }),
} as const satisfies Readonly<Record<Variable, () => unknown>>

function several(name: string, label: string, query: string) {
  return queried(name, label, query)
    .multi(true)
    .includeAll(true)
    .allValue(ALL)
    .current({
      selected: true,
      text: ['All'],
      value: ['$__all'],
    })
}

function one(name: string, label: string, query: string, about: string) {
  return queried(name, label, query).description(about).multi(false).includeAll(false)
}

function queried(name: string, label: string, query: string) {
  return new QueryVariableBuilder(name)
    .label(label)
    .datasource(DATASOURCE)
    .query({ query, refId: `variable-${name}` })
    .definition(query)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc)
}
