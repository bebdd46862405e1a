/** Handshakes: completed, failed and why, how long they took; early data. */
import { HANDSHAKE_FAILURES } from '../connections/derived.ts'
import type { Collector } from './collector.ts'

export const handshakes: Collector = (metrics) => {
  const completed = metrics.counter({
    name: 'quic_handshakes_completed_total',
    help: 'QUIC handshakes completed.',
    signal: 'handshake',
  })
  const failed = metrics.counter({
    name: 'quic_handshakes_failed_total',
    help: 'QUIC connections that ended before their handshake was complete.',
    labels: { reason: HANDSHAKE_FAILURES },
    signal: 'handshakeFailures',
  })
  const halfOpen = metrics.gauge({
    name: 'quic_connections_half_open',
    help: 'QUIC handshakes under way, as an endpoint counts them.',
    signal: 'halfOpen',
    absentUntilSet: true,
  })
  const duration = metrics.histogram({
    name: 'quic_handshake_duration_seconds',
    help: 'From the first packet received to handshake completion: one client round trip plus crypto, without Retry.',
    unit: 'seconds',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    signal: 'handshake',
  })
  const zeroRtt = metrics.counter({
    name: 'quic_zero_rtt_connections_total',
    help: 'QUIC connections on which 0-RTT packets were received.',
    signal: 'zeroRtt',
  })
  const zeroRttRejected = metrics.counter({
    name: 'quic_zero_rtt_rejected_total',
    help: 'QUIC connections whose 0-RTT data was refused.',
    signal: 'zeroRttRejected',
  })
  return {
    handshake_completed(event, { source }) {
      completed.add(source, 1)
      if (event.durationUs !== undefined) duration.observe(source, event.durationUs)
    },
    handshake_failed(event, { source }) {
      failed.add(source, 1, event.reason)
    },
    handshakes_failed(event, { source }) {
      failed.add(source, event.count, 'other')
    },
    half_open(event, { source }) {
      halfOpen.set(source, event.count)
    },
    zero_rtt_used(_event, { source }) {
      zeroRtt.add(source, 1)
    },
    zero_rtt_rejected(_event, { source }) {
      zeroRttRejected.add(source, 1)
    },
  }
}
