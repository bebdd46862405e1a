/** D1: are users served, and can the numbers be trusted? Everything else is one click away. */
import { backendTable } from './backend-table.ts'
import type { Board } from './board.ts'
import { HELP_NOT_REPORTED, UIDS } from './guide.ts'
import { CODES, FAILED, PROTOCOLS, REASONS } from './looks.ts'
import { served, trusted } from './overview-top.ts'
import { LOG, quantile, rate, SOURCE, sumBy } from './promql.ts'
import { graph, heatmap } from './shapes.ts'
import { THRESHOLDS } from './thresholds.ts'

const traffic = [
  graph({
    title: 'Requests by protocol',
    about:
      'Who comes over which HTTP version. If h3 falls while h2 rises, UDP is blocked somewhere or Alt-Svc is no longer sent.',
    unit: 'requests',
    stack: 'values',
    looks: PROTOCOLS,
    queries: [
      { expr: sumBy('protocol', rate('quic_lb_requests_total', LOG)), legend: '{{protocol}}' },
    ],
    needs: { signals: ['quic_lb_requests_total'], of: LOG },
    more: UIDS.protocols,
  }),
  graph({
    title: 'Errors by class',
    about:
      'Answers 4xx and 5xx per second. 4xx are asked for by clients and no alert is made of them.',
    unit: 'requests',
    stack: 'values',
    looks: CODES,
    queries: [
      {
        expr: sumBy('code', rate('quic_lb_requests_total', LOG, 'code=~"4xx|5xx"')),
        legend: '{{code}}',
      },
    ],
    needs: { signals: ['quic_lb_requests_total'], of: LOG },
    more: UIDS.backends,
  }),
  graph({
    title: 'Time to answer',
    about: 'Quantiles of the time that requests took, all protocols together.',
    unit: 'seconds',
    threshold: THRESHOLDS.latencyP95,
    queries: [0.5, 0.95, 0.99].map((q) => ({
      expr: quantile(q, 'quic_lb_request_duration_seconds', '', LOG),
      legend: `p${q * 100}`,
    })),
    needs: { signals: ['quic_lb_request_duration_seconds'], of: LOG },
    more: UIDS.protocols,
  }),
  heatmap({
    title: 'Time to answer, all requests',
    about:
      'How many requests took how long. Two bands are two kinds of requests, or two kinds of backends.',
    unit: 'seconds',
    histogram: 'quic_lb_request_duration_seconds',
    of: LOG,
  }),
]

const transport = [
  graph({
    title: 'Connections opened and closed',
    looks: FAILED,
    about:
      'QUIC connections per second. More opened than closed for long: they stay; more closed: users leave or are thrown out.',
    unit: 'perSecond',
    queries: [
      { expr: sumBy('', rate('quic_connections_total', SOURCE)), legend: 'opened' },
      { expr: sumBy('', rate('quic_connections_closed_total', SOURCE)), legend: 'closed' },
      { expr: sumBy('', rate('quic_handshakes_failed_total', SOURCE)), legend: 'handshake failed' },
    ],
    needs: { signals: ['quic_connections_total', 'quic_handshakes_failed_total'] },
    more: UIDS.network,
  }),
  graph({
    title: 'Why connections end',
    looks: REASONS,
    about:
      'Reasons as derived from the log. idle_timeout is the usual end of a browser; expired means that the log simply stopped.',
    unit: 'perSecond',
    queries: [
      {
        expr: `${sumBy('reason', rate('quic_connections_closed_total', SOURCE))} > 0`,
        legend: '{{reason}}',
      },
    ],
    needs: { signals: ['quic_connections_closed_total'] },
    more: UIDS.migration,
  }),
  graph({
    title: 'Migrations',
    looks: FAILED,
    about: 'Clients that moved to another address, by kind. Much of it is normal where phones are.',
    unit: 'perSecond',
    threshold: THRESHOLDS.migrationsPerSecond,
    queries: [
      { expr: sumBy('kind', rate('quic_connection_migrations_total', SOURCE)), legend: '{{kind}}' },
      {
        expr: sumBy('', rate('quic_connection_migrations_failed_total', SOURCE)),
        legend: 'failed',
      },
    ],
    needs: { signals: ['quic_connection_migrations_total'] },
    more: UIDS.migration,
  }),
  graph({
    title: 'Round-trip time',
    about: 'Smoothed round-trip time of busy connection-seconds.',
    unit: 'seconds',
    queries: [0.5, 0.95].map((q) => ({
      expr: quantile(q, 'quic_rtt_seconds', '', SOURCE),
      legend: `p${q * 100}`,
    })),
    needs: { signals: ['quic_rtt_seconds'] },
    more: UIDS.network,
  }),
]

export const overview: Board = {
  uid: UIDS.overview,
  title: 'QUIC load balancer / Overview',
  about:
    'Are users served, is it loss, a backend, or the exporter? The first two rows are for all sources; the rows below for the ones chosen above.',
  variables: ['log', 'source'],
  rows: [
    { title: 'Are users served?', tiles: served },
    { title: 'Can these numbers be trusted?', tiles: trusted },
    { title: 'Requests of $log', tiles: traffic },
    { title: 'QUIC connections of $source', tiles: transport },
    { title: 'Backends', tiles: [backendTable('')] },
  ],
  help: `**At night, in this order**

1. *Can these numbers be trusted?* A source that cannot be read, or is far behind, makes everything else look calm: go to *Exporter*.
2. *Front door* gives no answer: nobody gets in over QUIC. Browsers fall back to HTTP/2, so requests may still look well.
3. *Errors* or *Time to answer* is red: *Backends* says which one. *Packets lost* is red: *Network quality* says since when and of what kind.
4. Neither is red but users complain: *HTTP/1.1 vs HTTP/3* shows whether one protocol alone is worse, *Migration* whether those who move are thrown out.

${HELP_NOT_REPORTED}`,
}
