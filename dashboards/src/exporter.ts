/** D7: is the exporter lying? What it reads, understands, loses and needs. */
import type { Board } from './board.ts'
import { HELP_NOT_REPORTED, UIDS } from './guide.ts'
import { HAPPENED, UP_OR_DOWN, YES_OR_NO } from './looks.ts'
import { increase, rate, series, share, sumBy } from './promql.ts'
import { graph, stat, timeline } from './shapes.ts'
import { table } from './table.ts'
import { ALL_WANTED, NONE_ALLOWED, THRESHOLDS } from './thresholds.ts'

const perSource = (metric: string) => sumBy('source', rate(metric))
const legend = '{{source}}'

const reading = [
  timeline({
    title: 'Sources',
    about:
      'Whether the last look at each source succeeded; of one that is polled, whether it answered. A directory without files is up.',
    unit: 'none',
    mappings: [UP_OR_DOWN],
    queries: [{ expr: `min by (source) (${series('quic_exporter_source_up')})`, legend }],
  }),
  graph({
    title: 'Behind by',
    about:
      'For how long the oldest complete record has been waiting. Red line: QuicExporterLagging.',
    unit: 'seconds',
    threshold: THRESHOLDS.sourceLagSeconds,
    queries: [{ expr: `max by (source) (${series('quic_exporter_lag_seconds')})`, legend }],
  }),
  graph({
    title: 'Bytes not used yet',
    about:
      'On disk and not applied, unfinished last records included: a few KiB are what proxies hold back in their buffers.',
    unit: 'bytes',
    queries: [{ expr: sumBy('source', series('quic_exporter_lag_bytes')), legend }],
  }),
  graph({
    title: 'Events',
    about:
      'What logs are made of, by source. 0 where there were some an hour ago is QuicExporterNoEvents: logging was switched off, or is somewhere else.',
    unit: 'perSecond',
    queries: [{ expr: perSource('quic_exporter_events_total'), legend }],
  }),
  graph({
    title: 'Age of the newest event',
    about:
      'By the clock of its writer. Rising steadily: nothing is written any more. Jumping or far off: clocks differ.',
    unit: 'age',
    queries: [
      {
        expr: `time() - max by (source) (${series('quic_exporter_last_event_timestamp_seconds')})`,
        legend,
      },
    ],
  }),
]

const understanding = [
  graph({
    title: 'Records that could not be used (share)',
    about:
      'Red line: QuicExporterParseErrors. As a rule the proxy was upgraded, or two programs write into one file.',
    unit: 'share',
    threshold: THRESHOLDS.recordsFailedShare,
    queries: [
      {
        expr: share(
          perSource('quic_exporter_records_failed_total'),
          perSource('quic_exporter_records_total'),
        ),
        legend,
      },
    ],
  }),
  graph({
    title: 'Why records could not be used',
    about:
      'json, utf8, too_deep: damaged. schema: other than its dialect says. truncated: the writer was killed. time: clocks.',
    unit: 'perSecond',
    stack: 'values',
    queries: [
      {
        expr: `${sumBy('source, reason', rate('quic_exporter_records_failed_total'))} > 0`,
        legend: '{{reason}}, {{source}}',
      },
    ],
    nothing: 'All records could be used',
  }),
  graph({
    title: 'Events that nobody knows (share)',
    about: 'A new version of a proxy writes new events. Red line: QuicExporterUnknownEvents.',
    unit: 'share',
    threshold: THRESHOLDS.unknownEventsShare,
    queries: [
      {
        expr: share(
          perSource('quic_exporter_events_unknown_total'),
          `(${perSource('quic_exporter_events_total')} + ${perSource('quic_exporter_events_unknown_total')})`,
        ),
        legend,
      },
    ],
  }),
  graph({
    title: 'Values that could not be used',
    about: 'Single values of otherwise good records: a negative duration, a number that is none.',
    unit: 'perSecond',
    queries: [{ expr: perSource('quic_exporter_values_rejected_total'), legend }],
  }),
  table({
    title: 'What each source is, and how things are known',
    about:
      'Dialects that were found in each source, and by which rule a handshake is complete, a connection over, a client moved.',
    width: 14,
    labels: {
      source: 'Source',
      dialect: 'Dialect',
      handshake: 'Handshake by',
      close: 'End by',
      migration: 'Move by',
    },
    columns: [
      {
        name: 'Exporters',
        unit: 'none',
        expr: `count by (source, dialect, handshake, close, migration) (${series('quic_exporter_source_info')})`,
      },
    ],
  }),
  table({
    title: 'What each source can tell',
    about:
      'Metrics that are there, and metrics that are "not reported by this proxy", by source; and the share of connections that the proxy logs, by configuration.',
    width: 10,
    labels: { source: 'Source' },
    columns: [
      {
        name: 'Reported',
        unit: 'none',
        expr: `sum by (source) (max by (source, signal) (${series('quic_exporter_source_capability')}))`,
      },
      {
        name: 'Not reported',
        unit: 'none',
        expr: `sum by (source) (max by (source, signal) (${series('quic_exporter_source_capability')}) == bool 0)`,
      },
      {
        name: 'Logged share',
        unit: 'share',
        expr: `min by (source) (${series('quic_exporter_source_sample_ratio')})`,
      },
    ],
  }),
]

const loss = [
  graph({
    title: 'Log lost unread',
    about:
      'By reason. deleted, truncated: rotation was faster than reading. too_long: a record above the limit. Any of it is QuicExporterDataLoss.',
    unit: 'bytesPerSecond',
    queries: [
      {
        expr: sumBy('reason', rate('quic_exporter_lost_bytes_total')),
        legend: '{{reason}}',
      },
    ],
  }),
  graph({
    title: 'Files read anew',
    about: 'Because they no longer continued what had been read before.',
    unit: 'perSecond',
    queries: [
      { expr: sumBy('reason', rate('quic_exporter_file_resets_total')), legend: '{{reason}}' },
    ],
  }),
  graph({
    title: 'Files that could not be read',
    about:
      'By source and reason, at most once for each file, reason and minute. permission: the group of the log directory.',
    unit: 'perSecond',
    queries: [
      {
        expr: `${sumBy('source, reason', rate('quic_exporter_file_errors_total'))} > 0`,
        legend: '{{reason}}, {{source}}',
      },
    ],
    nothing: 'All files could be read',
  }),
  graph({
    title: 'Files by state',
    about: 'open: being read. parked: bytes are waiting. complete: read to the end.',
    unit: 'none',
    stack: 'values',
    queries: [{ expr: sumBy('state', series('quic_exporter_files')), legend: '{{state}}' }],
  }),
  graph({
    title: 'Questions to balancers',
    about: 'Times that a balancer was asked, and times that it gave no answer.',
    unit: 'perSecond',
    nothing: 'No balancer is asked',
    queries: [
      { expr: perSource('quic_exporter_polls_total'), legend: '{{source}}: asked' },
      {
        expr: `${sumBy('source, reason', rate('quic_exporter_polls_failed_total'))} > 0`,
        legend: '{{source}}: {{reason}}',
      },
    ],
  }),
  graph({
    title: 'Connections given up, label sets refused',
    about: 'Limits that were reached: numbers are incomplete from then on.',
    unit: 'perSecond',
    queries: [
      {
        expr: sumBy('', rate('quic_exporter_connections_evicted_total')),
        legend: 'connections given up',
      },
      {
        expr: `${sumBy('metric', rate('quic_exporter_label_overflow_total'))} > 0`,
        legend: 'refused: {{metric}}',
      },
    ],
  }),
]

const itself = [
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
    mappings: [YES_OR_NO],
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
    queries: [{ expr: `max by (source) (${series('quic_exporter_watch_degraded')})`, legend }],
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

export const exporter: Board = {
  uid: UIDS.exporter,
  title: 'QUIC load balancer / Exporter',
  about:
    'Whether the numbers on the other dashboards can be trusted: what the exporter reads, understands, loses and needs.',
  variables: [],
  rows: [
    { title: 'Does it read?', tiles: reading },
    { title: 'Does it understand?', tiles: understanding },
    { title: 'Does it lose anything?', tiles: loss },
    { title: 'Itself', tiles: itself },
  ],
  help: `**A source is down**: path, permission, a full table of open files. The log of the exporter says which file and why, once a minute.

**All is up and the graphs are flat**: look at *Age of the newest event*. It rises: the proxy writes nothing, or elsewhere. It does not: there are no users.

**After an upgrade of the proxy**: *Records that could not be used* and *Events that nobody knows*. \`quic-lb-exporter inspect FILE\` shows what is not understood.

**Counts are exact** through restarts where *State written* is young. Bytes read, lost and waiting add up to what was on disk.

${HELP_NOT_REPORTED}`,
}
