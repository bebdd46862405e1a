/** The upper rows of D7: what the exporter reads, and what it understands. */
import { UP_OR_DOWN } from './looks.ts'
import { rate, series, share, sumBy } from './promql.ts'
import { graph, timeline } from './shapes.ts'
import { table } from './table.ts'
import { THRESHOLDS } from './thresholds.ts'

const perSource = (metric: string) => sumBy('source', rate(metric))
const legend = '{{source}}'

export const reading = [
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

export const understanding = [
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
    height: 11,
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
    height: 11,
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
