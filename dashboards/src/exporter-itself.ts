/** The last row of D7: the exporter as a process. */
import { HAPPENED, WENT_ON, YES_OR_NO } from './looks.ts'
import { increase, rate, series, sumBy } from './promql.ts'
import { graph, stat, timeline } from './shapes.ts'
import { table } from './table.ts'
import { ALL_WANTED, NONE_ALLOWED, THRESHOLDS } from './thresholds.ts'

export const itself = [
  stat({
    title: 'State written',
    about:
      'Age of what would be taken up after a restart. Red where QuicExporterStateNotWritten fires.',
    unit: 'seconds',
    width: 4,
    decimals: 0,
    threshold: THRESHOLDS.stateAgeSeconds,
    nothing: 'No storage.path: a restart begins at 0',
    queries: [
      {
        expr: `time() - min by (instance) (${series('quic_exporter_state_last_write_timestamp_seconds')})`,
        legend: '{{instance}}',
      },
    ],
  }),
  stat({
    title: 'Failed to write state',
    about: 'Since the process started. As a rule the disk is full.',
    unit: 'none',
    width: 4,
    threshold: NONE_ALLOWED,
    nothing: 'No storage.path',
    queries: [
      {
        expr: sumBy('instance', increase('quic_exporter_state_write_failures_total', '$__range')),
        legend: '{{instance}}',
      },
    ],
  }),
  stat({
    title: 'Counters went on',
    about: 'Whether the last start took up a saved state. no at a first start is right.',
    unit: 'none',
    width: 4,
    mappings: [WENT_ON],
    nothing: 'No storage.path',
    queries: [
      {
        expr: `min by (instance) (${series('quic_exporter_state_restored')})`,
        legend: '{{instance}}',
      },
    ],
  }),
  stat({
    title: 'Configuration read',
    about:
      'Whether the configuration was good when it was last read; if not, the one before is in force (QuicExporterConfigReloadFailed).',
    unit: 'none',
    width: 4,
    threshold: ALL_WANTED,
    mappings: [YES_OR_NO],
    queries: [
      {
        expr: `min by (instance) (${series('quic_exporter_config_last_reload_successful')})`,
        legend: '{{instance}}',
      },
    ],
  }),
  stat({
    title: 'Configuration in force for',
    about: 'Since a good configuration was read.',
    unit: 'age',
    width: 4,
    queries: [
      {
        expr: `time() - min by (instance) (${series('quic_exporter_config_last_reload_success_timestamp_seconds')})`,
        legend: '{{instance}}',
      },
    ],
  }),
  stat({
    title: 'Restarts in an hour',
    about:
      'Starts of the process. Red where QuicExporterRestarting fires: out of memory, or a liveness probe that is too short.',
    unit: 'none',
    width: 4,
    threshold: THRESHOLDS.restartsPerHour,
    queries: [
      {
        expr: `max by (instance) (changes(${series('process_start_time_seconds')}[1h]))`,
        legend: '{{instance}}',
      },
    ],
  }),
  graph({
    title: 'Time of a scrape',
    about:
      'As the exporter and as Prometheus measured it. Beyond the scrape timeout there are gaps in everything.',
    unit: 'seconds',
    width: 8,
    queries: [
      {
        expr: `max by (instance) (${series('quic_exporter_scrape_duration_seconds')})`,
        legend: '{{instance}}: page made',
      },
      {
        expr: `max by (instance) (${series('scrape_duration_seconds')})`,
        legend: '{{instance}}: scraped',
      },
    ],
  }),
  graph({
    title: 'Series and samples',
    about: 'Series that the exporter holds, samples of a scrape, and the limit.',
    unit: 'count',
    width: 8,
    queries: [
      { expr: sumBy('instance', series('quic_exporter_series')), legend: '{{instance}}: series' },
      {
        expr: sumBy('instance', series('scrape_samples_post_metric_relabeling')),
        legend: '{{instance}}: samples',
      },
      {
        expr: `max(${series('quic_exporter_limit', 'resource="series"')})`,
        legend: 'limit of series',
      },
    ],
  }),
  graph({
    title: 'Delay of the event loop, p99',
    about: 'For how long the process could do nothing else. Above a second, scrapes come late.',
    unit: 'seconds',
    width: 8,
    queries: [
      {
        expr: `max by (instance) (${series('nodejs_eventloop_lag_p99_seconds')})`,
        legend: '{{instance}}',
      },
    ],
  }),
  graph({
    title: 'Memory',
    about:
      'Of the process, and of its heap. Steady growth for days is a fault of ours: please report it.',
    unit: 'bytes',
    width: 8,
    queries: [
      {
        expr: sumBy('instance', series('process_resident_memory_bytes')),
        legend: '{{instance}}: process',
      },
      {
        expr: sumBy('instance', series('nodejs_heap_size_used_bytes')),
        legend: '{{instance}}: heap',
      },
    ],
  }),
  graph({
    title: 'Processor',
    about: 'Seconds of processor time per second: 1 is one core.',
    unit: 'count',
    width: 8,
    queries: [
      { expr: sumBy('instance', rate('process_cpu_seconds_total')), legend: '{{instance}}' },
    ],
  }),
  timeline({
    title: 'Watching degraded',
    about:
      'yes: the kernel gives no hints for some directory, so only sweeps find new lines, a second later.',
    unit: 'none',
    width: 8,
    height: 8,
    mappings: [HAPPENED],
    queries: [
      { expr: `max by (source) (${series('quic_exporter_watch_degraded')})`, legend: '{{source}}' },
    ],
  }),
  table({
    title: 'What runs',
    about: 'Versions of the exporter and of Node.js on every instance.',
    height: 5,
    labels: {
      instance: 'Instance',
      version: 'Version',
      revision: 'Revision',
      node_version: 'Node.js',
    },
    columns: [
      {
        name: 'Exporters',
        unit: 'none',
        expr: `count by (instance, version, revision, node_version) (${series('quic_exporter_build_info')})`,
      },
    ],
  }),
]
