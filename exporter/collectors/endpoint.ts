/** What an endpoint sends outside any connection; only its own log tells, never that of a connection. */
import type { Collector } from './collector.ts'

export const endpoint: Collector = (metrics) => {
  const retries = metrics.counter({
    name: 'quic_retry_packets_sent_total',
    help: 'Retry packets sent.',
    signal: 'retries',
  })
  const versionNegotiations = metrics.counter({
    name: 'quic_version_negotiation_packets_sent_total',
    help: 'Version Negotiation packets sent.',
    signal: 'versionNegotiations',
  })
  const statelessResets = metrics.counter({
    name: 'quic_stateless_reset_packets_sent_total',
    help: 'Stateless resets sent.',
    signal: 'statelessResets',
  })
  return {
    retry_sent(event, { source }) {
      retries.add(source, event.count)
    },
    version_negotiation_sent(event, { source }) {
      versionNegotiations.add(source, event.count)
    },
    stateless_reset_sent(event, { source }) {
      statelessResets.add(source, event.count)
    },
  }
}
