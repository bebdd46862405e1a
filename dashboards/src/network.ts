/** D2: do packets arrive, how long does it take, how fast may the balancer send? One source at a time. */
import type { Board } from './board.ts'
import { HELP_NOT_REPORTED, UIDS } from './guide.ts'
import { LOSSES } from './looks.ts'
import { handshakes } from './network-handshakes.ts'
import { netLossRatio, quantile, rate, SOURCE, share, sumBy } from './promql.ts'
import { graph, heatmap } from './shapes.ts'
import { THRESHOLDS } from './thresholds.ts'

const of = (metric: string, ...matchers: readonly string[]) =>
  sumBy('', rate(metric, SOURCE, ...matchers))
const by = (label: string, metric: string) => sumBy(label, rate(metric, SOURCE))
const some = (expression: string) => `${expression} > 0`
const quantiles = (metric: string, ...qs: readonly number[]) =>
  qs.map((q) => ({ expr: quantile(q, metric, '', SOURCE), legend: `p${q * 100}` }))

const arrival = [
  graph({
    title: 'Packets lost by packets sent',
    about:
      'Declared: what the sender gave up. Net: less those that arrived after all, where the proxy tells. A large gap between the two is reordering, not loss.',
    unit: 'share',
    threshold: THRESHOLDS.packetLoss,
    looks: LOSSES,
    queries: [
      {
        expr: share(of('quic_packets_lost_total'), of('quic_packets_sent_total')),
        legend: 'declared',
      },
      {
        expr: share(of('quic_packets_spuriously_lost_total'), of('quic_packets_sent_total')),
        legend: 'arrived after all',
      },
      { expr: netLossRatio('', SOURCE), legend: 'net' },
    ],
    needs: { signals: ['quic_packets_lost_total', 'quic_packets_spuriously_lost_total'] },
  }),
  heatmap({
    title: 'Loss of each connection',
    about:
      'Connections that sent at least 100 packets, by their share of lost ones at their end. One bad carrier is a second band; a bad link of ours lifts all of them.',
    unit: 'share',
    histogram: 'quic_connection_loss_ratio',
    of: SOURCE,
  }),
  graph({
    title: 'How losses were noticed',
    width: 8,
    about:
      'reordering_threshold: later packets were acknowledged. time_threshold: too late. pto_expired: nothing came back at all, the worst of them.',
    unit: 'perSecond',
    stack: 'values',
    queries: [{ expr: by('trigger', 'quic_packets_lost_total'), legend: '{{trigger}}' }],
    needs: { signals: ['quic_packets_lost_total'] },
  }),
  graph({
    title: 'Probe timeouts by 1,000 packets',
    width: 8,
    about:
      'Silence after which the sender had to ask again. More than a few: paths break off, or answers are held up for long.',
    unit: 'count',
    queries: [
      {
        expr: `1000 * ${share(of('quic_pto_total'), of('quic_packets_sent_total'))}`,
        legend: 'by 1,000 packets sent',
      },
    ],
    needs: { signals: ['quic_pto_total', 'quic_packets_sent_total'] },
  }),
  graph({
    title: 'Packets received and thrown away',
    width: 8,
    about:
      'By reason. connection_unknown: routed to the wrong instance, or late. decryption_failure in numbers: something on the way changes packets.',
    unit: 'perSecond',
    queries: [{ expr: some(by('reason', 'quic_packets_dropped_total')), legend: '{{reason}}' }],
    needs: { signals: ['quic_packets_dropped_total'] },
  }),
]

const delay = [
  heatmap({
    title: 'Round-trip time, distribution',
    about:
      'Smoothed round-trip time, one sample for each connection and busy second. Bands are networks: campus, home, mobile.',
    unit: 'seconds',
    histogram: 'quic_rtt_seconds',
    of: SOURCE,
  }),
  graph({
    title: 'Round-trip time, quantiles',
    about:
      'Quantiles of the smoothed round-trip time over busy connection-seconds, and the variation that goes with it.',
    unit: 'seconds',
    queries: [
      ...quantiles('quic_rtt_seconds', 0.5, 0.9, 0.99),
      {
        expr: quantile(0.5, 'quic_rtt_variation_seconds', '', SOURCE),
        legend: 'variation, p50',
      },
    ],
    needs: { signals: ['quic_rtt_seconds', 'quic_rtt_variation_seconds'] },
  }),
  graph({
    title: 'Queueing: above the smallest of the connection',
    about:
      'Round-trip time less the smallest one of the same connection: time spent in queues. Red line: QuicRttInflated looks at the median.',
    unit: 'seconds',
    threshold: THRESHOLDS.rttAboveMin,
    queries: quantiles('quic_rtt_above_min_seconds', 0.5, 0.95),
    needs: { signals: ['quic_rtt_above_min_seconds'] },
  }),
  graph({
    title: 'Smallest round-trip time of each connection',
    about:
      'How far away users are, queues left out: one observation for each connection that ended.',
    unit: 'seconds',
    queries: quantiles('quic_min_rtt_seconds', 0.5, 0.9),
    needs: { signals: ['quic_min_rtt_seconds'] },
  }),
]

const speed = [
  graph({
    title: 'Time by state of congestion control',
    about:
      'Share of busy connection time. Much recovery: loss holds them up. Much application_limited: the backend or the request does, not the network.',
    unit: 'share',
    stack: 'values',
    max: 1,
    queries: [
      {
        expr: `${sumBy('state', rate('quic_congestion_state_seconds_total', SOURCE, 'state!="idle"'))} / ignoring (state) group_left () (${of('quic_congestion_state_seconds_total', 'state!="idle"')} > 0)`,
        legend: '{{state}}',
      },
    ],
    needs: { signals: ['quic_congestion_state_seconds_total'] },
  }),
  graph({
    title: 'Congestion window and bytes in flight',
    about: 'What the balancer may have under way in a connection, and what it had.',
    unit: 'bytes',
    queries: [
      {
        expr: quantile(0.5, 'quic_congestion_window_bytes', '', SOURCE),
        legend: 'window, p50',
      },
      {
        expr: quantile(0.9, 'quic_congestion_window_bytes', '', SOURCE),
        legend: 'window, p90',
      },
      { expr: quantile(0.5, 'quic_in_flight_bytes', '', SOURCE), legend: 'in flight, p50' },
      { expr: quantile(0.9, 'quic_in_flight_bytes', '', SOURCE), legend: 'in flight, p90' },
    ],
    needs: { signals: ['quic_congestion_window_bytes', 'quic_in_flight_bytes'] },
  }),
  graph({
    title: 'Use of the congestion window',
    about: 'Mean bytes in flight by mean window. Near 1: the window is what holds transfers up.',
    unit: 'share',
    queries: [
      {
        expr: share(of('quic_in_flight_bytes_sum'), of('quic_congestion_window_bytes_sum')),
        legend: 'in flight by window',
      },
    ],
    needs: { signals: ['quic_in_flight_bytes', 'quic_congestion_window_bytes'] },
  }),
  graph({
    title: 'Rates that the balancer allows itself',
    about:
      'Median pacing rate, and window by round-trip time. Both are ceilings of one connection, not what was transferred.',
    unit: 'bytesPerSecond',
    queries: [
      {
        expr: quantile(0.5, 'quic_pacing_rate_bytes_per_second', '', SOURCE),
        legend: 'pacing, p50',
      },
      {
        expr: quantile(0.5, 'quic_bandwidth_estimate_bytes_per_second', '', SOURCE),
        legend: 'window by round trip, p50',
      },
    ],
    needs: {
      signals: ['quic_pacing_rate_bytes_per_second', 'quic_bandwidth_estimate_bytes_per_second'],
    },
  }),
  graph({
    title: 'Entries into states of congestion control',
    about:
      'Many entries into recovery with little loss: loss comes one by one, in many connections.',
    unit: 'perSecond',
    queries: [
      {
        expr: some(by('state', 'quic_congestion_state_transitions_total')),
        legend: '{{state}}',
      },
    ],
    needs: { signals: ['quic_congestion_state_transitions_total'] },
  }),
  graph({
    title: 'Held up by flow control',
    about:
      'Frames that say so: sent when the client holds us up, received when we hold the client up. Then limits are too small, not the network too slow.',
    unit: 'perSecond',
    queries: [
      { expr: by('frame', 'quic_blocked_frames_sent_total'), legend: 'sent: {{frame}}' },
      { expr: by('frame', 'quic_blocked_frames_received_total'), legend: 'received: {{frame}}' },
    ],
    mirrored: true,
    needs: { signals: ['quic_blocked_frames_sent_total', 'quic_blocked_frames_received_total'] },
  }),
]

const volume = [
  graph({
    title: 'Bytes of QUIC packets',
    about: 'Sent above, received below the axis; without headers of UDP and IP.',
    unit: 'bitsPerSecond',
    mirrored: true,
    queries: [
      { expr: `8 * ${of('quic_sent_bytes_total')}`, legend: 'sent' },
      { expr: `8 * ${of('quic_received_bytes_total')}`, legend: 'received' },
      { expr: `8 * ${of('quic_lost_bytes_total')}`, legend: 'sent and lost' },
    ],
    needs: { signals: ['quic_sent_bytes_total', 'quic_received_bytes_total'] },
  }),
  graph({
    title: 'Packets by type',
    about:
      'Sent above, received below the axis. Many initial and few 1rtt packets: handshakes that lead nowhere, or a flood.',
    unit: 'perSecond',
    mirrored: true,
    queries: [
      { expr: some(by('packet_type', 'quic_packets_sent_total')), legend: 'sent: {{packet_type}}' },
      {
        expr: some(by('packet_type', 'quic_packets_received_total')),
        legend: 'received: {{packet_type}}',
      },
    ],
    needs: { signals: ['quic_packets_sent_total', 'quic_packets_received_total'] },
  }),
  heatmap({
    title: 'Packet size that paths allow, in bytes',
    about:
      'Last path MTU of each connection. Connections that stay at 1200 or 1280: a tunnel or VPN on the way.',
    unit: 'none',
    histogram: 'quic_path_mtu_bytes',
    of: SOURCE,
  }),
  graph({
    title: 'ECN and path MTU probes',
    about:
      'Connections by their last ECN state, and lost probes for larger packets: these are no loss.',
    unit: 'perSecond',
    queries: [
      { expr: by('state', 'quic_ecn_connections_total'), legend: 'ECN {{state}}' },
      { expr: of('quic_mtu_probes_lost_total'), legend: 'MTU probes lost' },
    ],
    needs: { signals: ['quic_ecn_connections_total', 'quic_mtu_probes_lost_total'] },
  }),
]

export const network: Board = {
  uid: UIDS.network,
  title: 'QUIC load balancer / Network quality',
  about:
    'Loss, delay and congestion as the balancer sees them, for one source of QUIC connections.',
  variables: ['source'],
  rows: [
    { title: 'Do packets arrive?', tiles: arrival },
    { title: 'Do handshakes succeed?', tiles: handshakes },
    { title: 'How long does it take?', tiles: delay },
    { title: 'How fast may it send?', tiles: speed },
    { title: 'How much is it?', tiles: volume },
  ],
  help: `**Is it the network?** *Net* loss above the red line for minutes, with *pto_expired* among the triggers: yes. Look at *Loss of each connection*: one band far up is one carrier or one Wi-Fi; all bands up is our own uplink, or full UDP receive buffers of the host (\`nstat UdpRcvbufErrors\`).

**Declared is not lost.** A sender declares a packet lost when later ones are acknowledged first. On paths that reorder, most of these arrive after all.

**A sample** of round-trip time, window and rates is taken once for each connection and second in which something happened: a quantile is one of busy connection-seconds, not of users.

${HELP_NOT_REPORTED}`,
}
