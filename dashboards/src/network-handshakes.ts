/** The row of D2 on how connections begin, and which errors end them. */
import { quantile, rate, SOURCE, share, sumBy } from './promql.ts'
import { graph } from './shapes.ts'
import { THRESHOLDS } from './thresholds.ts'

const of = (metric: string) => sumBy('', rate(metric, SOURCE))
const OUTSIDE = {
  quic_retry_packets_sent_total: 'Retry',
  quic_version_negotiation_packets_sent_total: 'Version Negotiation',
  quic_stateless_reset_packets_sent_total: 'stateless reset',
}

export const handshakes = [
  graph({
    title: 'Handshakes that succeeded',
    about:
      'Share of those that came to an end. Red line: QuicHandshakeFailures. Certificate, ALPN, version, or clients that hear nothing back.',
    unit: 'share',
    max: 1,
    threshold: THRESHOLDS.handshakeSuccess,
    queries: [
      {
        expr: share(
          of('quic_handshakes_completed_total'),
          `(${of('quic_handshakes_completed_total')} + ${of('quic_handshakes_failed_total')})`,
        ),
        legend: 'succeeded',
      },
    ],
    needs: { signals: ['quic_handshakes_completed_total', 'quic_handshakes_failed_total'] },
  }),
  graph({
    title: 'Handshakes, time',
    about: 'How long they took, from the first packet: one round trip and the cryptography.',
    unit: 'seconds',
    queries: [0.5, 0.95].map((q) => ({
      expr: quantile(q, 'quic_handshake_duration_seconds', '', SOURCE),
      legend: `p${q * 100}`,
    })),
    needs: { signals: ['quic_handshake_duration_seconds'] },
  }),
  graph({
    title: 'Errors that ended connections',
    about:
      'By layer and registered code. crypto: TLS alerts. transport: one side broke the rules. application: HTTP/3; clients that leave cancel requests every day.',
    unit: 'perSecond',
    queries: [
      {
        expr: `${sumBy('layer, code', rate('quic_connection_errors_total', SOURCE))} > 0`,
        legend: '{{layer}}: {{code}}',
      },
    ],
    needs: { signals: ['quic_connection_errors_total'] },
  }),
  graph({
    title: 'Answers outside of connections',
    about:
      'Only endpoints that see them can tell. Many Retry packets: the balancer defends itself against a flood. Version negotiations: old clients or scanners. Stateless resets: packets for connections that it has forgotten.',
    unit: 'perSecond',
    queries: Object.entries(OUTSIDE).map(([metric, legend]) => ({ expr: of(metric), legend })),
    needs: { signals: Object.keys(OUTSIDE) },
  }),
]
