/** Packets and bytes, sent, received and dropped. */
import { DROP_REASONS, PACKET_TYPES } from '../../qlog-parsers/index.ts'
import type { Collector } from './collector.ts'

export const packets: Collector = (metrics) => {
  const labels = { packet_type: PACKET_TYPES }
  const sent = metrics.counter({
    name: 'quic_packets_sent_total',
    help: 'QUIC packets sent.',
    labels,
    signal: 'sentPackets',
  })
  const received = metrics.counter({
    name: 'quic_packets_received_total',
    help: 'QUIC packets received and processed.',
    labels,
    signal: 'packets',
  })
  const sentBytes = metrics.counter({
    name: 'quic_sent_bytes_total',
    help: 'Bytes of QUIC packets sent, without UDP and IP headers.',
    unit: 'bytes',
    signal: 'sentBytes',
  })
  const receivedBytes = metrics.counter({
    name: 'quic_received_bytes_total',
    help: 'Bytes of QUIC packets received, without UDP and IP headers.',
    unit: 'bytes',
    signal: 'receivedBytes',
  })
  const dropped = metrics.counter({
    name: 'quic_packets_dropped_total',
    help: 'QUIC packets received and dropped unprocessed.',
    labels: { reason: DROP_REASONS },
    signal: 'drops',
  })
  return {
    packet(event, { source }) {
      const isSent = event.direction === 'sent'
      ;(isSent ? sent : received).add(source, 1, event.packetType)
      if (event.bytes !== undefined) (isSent ? sentBytes : receivedBytes).add(source, event.bytes)
    },
    packets_sent(event, { source }) {
      sent.add(source, event.count, event.packetType)
    },
    packet_dropped(event, { source }) {
      dropped.add(source, 1, event.reason)
    },
  }
}
