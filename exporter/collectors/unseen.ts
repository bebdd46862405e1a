/**
 * Families of the contract that none of the dialects can fill yet: endpoint events, bytes of lost packets. They are
 * declared so that every source's capability rows name them as absent.
 */
import type { Collector } from './collector.ts'

export const unseen: Collector = (metrics) => {
  const never = (name: string, help: string) => metrics.counter({ name, help, signal: 'endpoint' })
  never('quic_retry_packets_sent_total', 'Retry packets sent.')
  never('quic_version_negotiation_packets_sent_total', 'Version Negotiation packets sent.')
  never('quic_lost_bytes_total', 'Bytes of packets declared lost.')
  never('quic_stateless_reset_packets_sent_total', 'Stateless resets sent.')
  metrics.counter({
    name: 'quic_zero_rtt_rejected_total',
    help: 'QUIC connections whose 0-RTT data was refused.',
    signal: 'zeroRttRejected',
  })
  return {}
}
