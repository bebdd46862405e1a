/** D6: how near is the limit, and when will it be reached? */
import type { Board } from './board.ts'
import { HELP_NOT_REPORTED, UIDS } from './guide.ts'
import { BEFORE } from './looks.ts'
import { LOG, rate, rateBefore, rateOver, SOURCE, series, share, sumBy } from './promql.ts'
import { graph, stat } from './shapes.ts'
import { THRESHOLDS } from './thresholds.ts'

/** Steps of the looks back over days: peaks shorter than this are not seen. */
const STEP = '5m'
/** The same for the trend that is drawn on for a month. */
const LONG_STEP = '1h'
const MONTH_S = 30 * 86_400
const active = sumBy('', series('quic_connections_active', SOURCE))
const requests = sumBy('', rate('quic_lb_requests_total', LOG))
const requestsOver = (window: string) => sumBy('', rateOver('quic_lb_requests_total', window, LOG))
const bits = `8 * ${sumBy('', rate('quic_sent_bytes_total', SOURCE))}`
const bitsOver = `8 * ${sumBy('', rateOver('quic_sent_bytes_total', STEP, SOURCE))}`
const perBackend = sumBy('backend', rateOver('quic_lb_backend_requests_total', STEP, LOG))
const peak = (expression: string, days: number) =>
  `max_over_time((${expression})[${days}d:${STEP}])`
const dayOf = (offset: string) => `avg_over_time((${requestsOver(STEP)})[1d:${STEP}]${offset})`

const peaks = [
  stat({
    title: 'Connections: now and peak of 7 days',
    about: 'Open QUIC connections. The peak is what the balancer must carry, not the mean.',
    unit: 'count',
    decimals: 0,
    queries: [
      { expr: active, legend: 'now' },
      { expr: peak(active, 7), legend: 'peak of 7 days' },
    ],
    needs: { signals: ['quic_connections_active'] },
  }),
  stat({
    title: 'Requests: now and peak of 7 days',
    about: 'Requests per second of every HTTP version.',
    unit: 'requests',
    decimals: 1,
    queries: [
      { expr: requests, legend: 'now' },
      { expr: peak(requestsOver(STEP), 7), legend: 'peak of 7 days' },
    ],
    needs: { signals: ['quic_lb_requests_total'], of: LOG },
  }),
  stat({
    title: 'QUIC out: now and peak of 7 days',
    about: 'Bits per second sent in QUIC packets, without headers of UDP and IP.',
    unit: 'bitsPerSecond',
    decimals: 1,
    queries: [
      { expr: bits, legend: 'now' },
      { expr: peak(bitsOver, 7), legend: 'peak of 7 days' },
    ],
    needs: { signals: ['quic_sent_bytes_total'] },
  }),
  stat({
    title: 'Load of a backend if one fails, at peak',
    about:
      'Peak of 7 days over one backend less, beside the peak of the busiest one: what each of the rest would have to carry.',
    unit: 'requests',
    decimals: 1,
    nothing: 'Fewer than two backends in the request log',
    queries: [
      {
        expr: `${peak(`sum(${perBackend})`, 7)} / ((count(${perBackend}) - 1) > 0)`,
        legend: 'with one less',
      },
      { expr: peak(`max(${perBackend})`, 7), legend: 'busiest so far' },
    ],
    needs: { signals: ['quic_lb_backend_requests_total'], of: LOG },
  }),
]

const trends = [
  graph({
    title: 'Connections, and a week before',
    about: 'Open QUIC connections now and in the same hours a week ago.',
    unit: 'count',
    looks: BEFORE,
    queries: [
      { expr: active, legend: 'now' },
      {
        expr: sumBy('', `${series('quic_connections_active', SOURCE)} offset 7d`),
        legend: 'a week before',
      },
    ],
    needs: { signals: ['quic_connections_active'] },
  }),
  graph({
    title: 'Requests, and a week before',
    about: 'Requests per second now and in the same hours a week ago.',
    unit: 'requests',
    looks: BEFORE,
    queries: [
      { expr: requests, legend: 'now' },
      {
        expr: sumBy('', rateBefore('quic_lb_requests_total', '7d', LOG)),
        legend: 'a week before',
      },
    ],
    needs: { signals: ['quic_lb_requests_total'], of: LOG },
  }),
  graph({
    title: 'QUIC in and out',
    about: 'Sent above, received below the axis: what the links must carry.',
    unit: 'bitsPerSecond',
    mirrored: true,
    queries: [
      { expr: bits, legend: 'sent' },
      { expr: `8 * ${sumBy('', rate('quic_received_bytes_total', SOURCE))}`, legend: 'received' },
    ],
    needs: { signals: ['quic_sent_bytes_total', 'quic_received_bytes_total'] },
  }),
  graph({
    title: 'Bytes by connection',
    about: 'Bytes sent by connections that were opened: more users, or more for each of them?',
    unit: 'bytes',
    queries: [
      {
        expr: share(
          sumBy('', rate('quic_sent_bytes_total', SOURCE)),
          sumBy('', rate('quic_connections_total', SOURCE)),
        ),
        legend: 'sent by connection',
      },
    ],
    needs: { signals: ['quic_sent_bytes_total', 'quic_connections_total'] },
  }),
  graph({
    title: 'Streams by connection',
    about:
      'Streams that clients opened by connections that were opened: how many requests share one handshake.',
    unit: 'count',
    queries: [
      {
        expr: `${sumBy('stream_type', rate('quic_streams_opened_total', SOURCE, 'initiator="remote"'))} / ignoring (stream_type) group_left () (${sumBy('', rate('quic_connections_total', SOURCE))} > 0)`,
        legend: '{{stream_type}}',
      },
    ],
    needs: { signals: ['quic_streams_opened_total'] },
  }),
  stat({
    title: 'Growth within a week, and where it leads',
    about:
      'Mean of a day by the same day a week ago, and requests per second in 30 days if the trend of 7 days goes on. A straight line knows nothing of terms and exams.',
    unit: 'count',
    decimals: 2,
    width: 12,
    height: 8,
    nothing: 'Less than a week of history',
    queries: [
      {
        expr: `${dayOf('')} / (${dayOf(' offset 7d')} > 0)`,
        legend: 'times a week ago',
      },
      {
        expr: `clamp_min(predict_linear((${requestsOver(LONG_STEP)})[7d:${LONG_STEP}], ${MONTH_S}), 0)`,
        legend: 'requests per second in 30 days',
      },
    ],
    needs: { signals: ['quic_lb_requests_total'], of: LOG },
  }),
]

const disk = [
  graph({
    title: 'Logs on disk',
    about: 'Size of the files of each source. Without retention nobody deletes them but you.',
    unit: 'bytes',
    queries: [
      { expr: sumBy('source', series('quic_exporter_source_on_disk_bytes')), legend: '{{source}}' },
    ],
  }),
  graph({
    title: 'Logs on disk in 24 hours',
    about: 'If they grow on as in the last 6 hours. Compare with the room on that disk.',
    unit: 'bytes',
    queries: [
      {
        expr: `clamp_min(sum by (source) (predict_linear(${series('quic_exporter_source_on_disk_bytes')}[6h], 86400)), 0)`,
        legend: '{{source}}',
      },
    ],
  }),
  graph({
    title: 'Files that retention took away',
    about: 'Per second, by what was done. failed: it could not, and the disk fills.',
    unit: 'perSecond',
    width: 8,
    queries: [
      {
        expr: `${sumBy('action', rate('quic_exporter_retention_files_total'))} > 0`,
        legend: '{{action}}',
      },
    ],
    nothing: 'Retention took nothing away',
  }),
  graph({
    title: 'Exporter by its limits',
    about:
      'Series, open files and followed connections by what is allowed. Red line: QuicExporterSeriesLimit.',
    unit: 'share',
    width: 8,
    threshold: THRESHOLDS.seriesShare,
    queries: [
      {
        expr: `max(${series('quic_exporter_series')}) / max(${series('quic_exporter_limit', 'resource="series"')})`,
        legend: 'series',
      },
      {
        expr: `${sumBy('', series('quic_exporter_files', 'state="open"'))} / ${sumBy('', series('quic_exporter_limit', 'resource="files"'))}`,
        legend: 'open files',
      },
      {
        expr: `${sumBy('source', series('quic_connections_active'))} / on () group_left () ${sumBy('', series('quic_exporter_limit', 'resource="connections"'))}`,
        legend: 'connections of {{source}}',
      },
    ],
  }),
  graph({
    title: 'Bytes of log by request',
    about:
      'What observing costs: bytes of all logs read by requests in the chosen log. For planning disks.',
    unit: 'bytes',
    width: 8,
    queries: [
      {
        expr: share(sumBy('', rate('quic_exporter_read_bytes_total')), requests),
        legend: 'read by request',
      },
    ],
    needs: { signals: ['quic_lb_requests_total'], of: LOG },
  }),
]

export const capacity: Board = {
  uid: UIDS.capacity,
  title: 'QUIC load balancer / Capacity',
  about:
    'Peaks, growth and limits: what must be there next term. Looks back a week, so keep at least two weeks in Prometheus.',
  variables: ['source', 'log'],
  from: 'now-24h',
  rows: [
    { title: 'How near is the peak?', tiles: peaks },
    { title: 'Where does it go?', tiles: trends },
    { title: 'Disks and the exporter itself', tiles: disk },
  ],
  help: `**Peaks** are looked for in steps of ${STEP}: a shorter one is not seen. They need as much history as they look back; with less they are the peak of what is there.

**One backend less**: if that number is more than a backend can do, the next failure takes the others down as well.

**Processor, memory, UDP buffers of the balancer's host** come from a node exporter there: \`node_netstat_Udp_RcvbufErrors\` above all, packets that the kernel threw away before the balancer saw them.

${HELP_NOT_REPORTED}`,
}
