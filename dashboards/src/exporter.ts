/** D7: is the exporter lying? What it reads, understands, loses and needs. */
import type { Board } from './board.ts'
import { itself } from './exporter-itself.ts'
import { reading, understanding } from './exporter-reading.ts'
import { HELP_NOT_REPORTED, UIDS } from './guide.ts'
import { increase, quantile, rate, series, sumBy } from './promql.ts'
import { graph } from './shapes.ts'

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
      { expr: sumBy('source', rate('quic_exporter_polls_total')), legend: '{{source}}: asked' },
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

const probing = [
  graph({
    title: 'Probes begin late by, p99',
    about:
      'How long after they were due probes began. Above a second there are more of them than may run at once.',
    unit: 'seconds',
    width: 6,
    nothing: 'Nothing is probed',
    queries: [
      {
        expr: quantile(0.99, 'quic_exporter_probe_delay_seconds', 'instance'),
        legend: '{{instance}}',
      },
    ],
  }),
  graph({
    title: 'Backends that balancers name',
    about:
      'Those that are probed because a balancer was asked for them, and those that are not, by reason.',
    unit: 'none',
    width: 6,
    nothing: 'No balancer is asked for its backends',
    queries: [
      {
        expr: sumBy('source', series('quic_exporter_discovered_backends')),
        legend: '{{source}}: probed',
      },
      {
        expr: `${sumBy('source, reason', series('quic_exporter_discovered_backends_refused'))} > 0`,
        legend: '{{source}}: {{reason}}',
      },
    ],
  }),
  graph({
    title: 'Files of targets that cannot be used',
    about:
      'Now, and how often one turned bad: what it named before stays in force. The log of the exporter has the place.',
    unit: 'none',
    width: 6,
    nothing: 'No file names targets',
    queries: [
      {
        expr: sumBy('instance', series('quic_exporter_targets_files_unusable')),
        legend: '{{instance}}: now',
      },
      {
        expr: sumBy(
          'instance',
          increase('quic_exporter_targets_file_errors_total', '$__rate_interval'),
        ),
        legend: '{{instance}}: turned bad',
      },
    ],
  }),
  graph({
    title: 'QUIC probes, and what was left out',
    about:
      'Connections in a QUIC log that were probes of this exporter are left out of it. Fewer left out than sent: the others are counted as users, or that balancer writes no log that is read.',
    unit: 'perSecond',
    width: 6,
    nothing: 'No front door is probed',
    queries: [
      {
        expr: sumBy('instance', rate('quic_probes_total', 'probe="initial"')),
        legend: '{{instance}}: sent',
      },
      {
        expr: sumBy('source', rate('quic_exporter_own_probe_traces_total')),
        legend: '{{source}}: left out',
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
    { title: 'Does it probe in time?', tiles: probing },
    { title: 'Itself', tiles: itself },
  ],
  help: `**A source is down**: path, permission, a full table of open files. The log of the exporter says which file and why, once a minute.

**All is up and the graphs are flat**: look at *Age of the newest event*. It rises: the proxy writes nothing, or elsewhere. It does not: there are no users.

**After an upgrade of the proxy**: *Records that could not be used* and *Events that nobody knows*. \`quic-lb-exporter inspect FILE\` shows what is not understood.

**Counts are exact** through restarts where *State written* is young. Bytes read, lost and waiting add up to what was on disk.

${HELP_NOT_REPORTED}`,
}
