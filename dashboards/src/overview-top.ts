/** The top of D1: are users served, and can the numbers be trusted? For all sources. */
import { UIDS } from './guide.ts'
import { ANSWERS } from './looks.ts'
import { increase, netLossRatio, quantile, rate, series, share, sumBy } from './promql.ts'
import { stat } from './shapes.ts'
import { table } from './table.ts'
import { ALL_WANTED, NONE_ALLOWED, THRESHOLDS } from './thresholds.ts'

/** Every source that is asked; the tiles of the first rows are for all of them. */
const ANY = 'source=~".+"'
const requests = { signals: ['quic_lb_requests_total'], of: ANY, like: 'quic_lb_requests_total' }
const connections = { of: ANY, like: 'quic_connections_total' }

export const served = [
  stat({
    title: 'Requests',
    about:
      'Requests per second of every HTTP version, by request log. 0 while users are there: they do not reach the balancer, or its log does not reach us.',
    unit: 'requests',
    queries: [{ expr: sumBy('source', rate('quic_lb_requests_total')), legend: '{{source}}' }],
    needs: requests,
    trend: true,
    more: UIDS.protocols,
  }),
  stat({
    title: 'Errors (5xx share)',
    about:
      'Share of requests that were answered 5xx, by request log. Red where QuicLbHighErrorRate fires.',
    unit: 'share',
    decimals: 2,
    threshold: THRESHOLDS.errorShare,
    queries: [
      {
        expr: share(
          sumBy('source', rate('quic_lb_requests_total', 'code="5xx"')),
          sumBy('source', rate('quic_lb_requests_total')),
        ),
        legend: '{{source}}',
      },
    ],
    needs: requests,
    more: UIDS.backends,
  }),
  stat({
    title: 'Time to answer (p95)',
    about:
      '95 of 100 requests were faster than this, by request log. Red where QuicLbHighLatency may fire.',
    unit: 'seconds',
    threshold: THRESHOLDS.latencyP95,
    queries: [
      {
        expr: quantile(0.95, 'quic_lb_request_duration_seconds', 'source'),
        legend: '{{source}}',
      },
    ],
    needs: { ...requests, signals: ['quic_lb_request_duration_seconds'] },
    more: UIDS.backends,
  }),
  stat({
    title: 'Backends down',
    about:
      'Backends that our own probe finds down, and those that the balancer itself calls down. If the two differ, one of them cannot reach it.',
    unit: 'none',
    threshold: NONE_ALLOWED,
    nothing: 'No backend is probed or reported on',
    queries: [
      { expr: `sum(${series('quic_lb_backend_up')} == bool 0)`, legend: 'by our probe' },
      {
        expr: sumBy('source', `${series('quic_lb_backend_reported_up')} == bool 0`),
        legend: '{{source}}',
      },
    ],
    needs: {
      signals: ['quic_lb_backend_reported_up'],
      of: 'source=~".+"',
      like: 'quic_lb_backend_reported_up',
    },
    more: UIDS.backends,
  }),
  stat({
    title: 'QUIC connections',
    about:
      'Connections that are open now, by source. A fall to half within minutes is QuicConnectionsDropped.',
    unit: 'none',
    queries: [{ expr: sumBy('source', series('quic_connections_active')), legend: '{{source}}' }],
    needs: { ...connections, signals: ['quic_connections_active'] },
    trend: true,
    more: UIDS.network,
  }),
  stat({
    title: 'Packets lost',
    about:
      'Packets declared lost by packets sent, less those that arrived after all where the proxy tells, by source. Red where QuicHighPacketLoss may fire.',
    unit: 'share',
    decimals: 2,
    threshold: THRESHOLDS.packetLoss,
    queries: [{ expr: netLossRatio('source'), legend: '{{source}}' }],
    needs: { ...connections, signals: ['quic_packets_lost_total'] },
    more: UIDS.network,
  }),
  stat({
    title: 'Circuit breakers open',
    about:
      'Backends that the balancer sends nothing to at the moment because they failed too often.',
    unit: 'none',
    threshold: NONE_ALLOWED,
    queries: [
      {
        expr: sumBy('source', series('quic_lb_circuit_breaker_state', 'state="open"')),
        legend: '{{source}}',
      },
    ],
    needs: {
      signals: ['quic_lb_circuit_breaker_state'],
      of: ANY,
      like: 'quic_lb_circuit_breaker_failures_total',
    },
    more: UIDS.backends,
  }),
  stat({
    title: 'Front door',
    about:
      'Whether the balancer answers our QUIC probes at its public address: the only number here that does not depend on its logs.',
    unit: 'none',
    threshold: ALL_WANTED,
    mappings: [ANSWERS],
    nothing: 'No front door is probed',
    queries: [{ expr: `min by (target) (${series('quic_probe_success')})`, legend: '{{target}}' }],
    more: UIDS.backends,
  }),
]

export const trusted = [
  stat({
    title: 'Sources that cannot be read',
    about: 'A source that is not read leaves its graphs flat. Look here before believing any calm.',
    unit: 'none',
    height: 4,
    threshold: NONE_ALLOWED,
    queries: [
      {
        expr: `sum(${series('quic_exporter_source_up')} == bool 0)`,
        legend: 'sources',
      },
    ],
    more: UIDS.exporter,
  }),
  stat({
    title: 'Behind by',
    about:
      'For how long the oldest complete record has been waiting to be read: everything here is that old. Red where QuicExporterLagging fires.',
    unit: 'seconds',
    height: 4,
    threshold: THRESHOLDS.sourceLagSeconds,
    queries: [{ expr: `max(${series('quic_exporter_lag_seconds')})`, legend: 'worst source' }],
    more: UIDS.exporter,
  }),
  stat({
    title: 'Log lost unread',
    about:
      'Bytes of logs that were gone before they could be read, in this time range. Counts are too low by what stood in them.',
    unit: 'bytes',
    height: 4,
    threshold: NONE_ALLOWED,
    queries: [
      { expr: `sum(${increase('quic_exporter_lost_bytes_total', '$__range')})`, legend: 'bytes' },
    ],
    more: UIDS.exporter,
  }),
  stat({
    title: 'Records not understood',
    about:
      'Share of records that could not be used. Red where QuicExporterParseErrors may fire: as a rule the proxy was upgraded and writes something else.',
    unit: 'share',
    decimals: 2,
    height: 4,
    threshold: THRESHOLDS.recordsFailedShare,
    queries: [
      {
        expr: share(
          `sum(${rate('quic_exporter_records_failed_total')})`,
          `sum(${rate('quic_exporter_records_total')})`,
        ),
        legend: 'of all records',
      },
    ],
    more: UIDS.exporter,
  }),
  table({
    title: 'Firing alerts',
    about:
      'Alerts of the rules in alerts/ that are firing now. Empty also if the rules are not loaded: the alert Watchdog says whether they are.',
    nothing: 'No alert is firing, or no rules are loaded',
    height: 4,
    labels: { alertname: 'Alert', severity: 'Severity', source: 'Source', backend: 'Backend' },
    columns: [
      {
        name: 'Series',
        unit: 'none',
        expr: 'count by (alertname, severity, source, backend) (ALERTS{job=~"$job|", instance=~"$instance|", alertname=~"Quic.+", alertstate="firing"})',
      },
    ],
  }),
]
