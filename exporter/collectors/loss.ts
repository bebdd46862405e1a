/** Loss: what senders declared lost, what of it had arrived after all, probe time-outs. */
import { LOSS_TRIGGERS } from '../../qlog-parsers/index.ts'
import type { Collector } from './collector.ts'

/** A connection must have sent so many packets before its loss ratio means anything. */
const LEAST_SENT = 100

export const loss: Collector = (metrics) => {
  const declared = metrics.counter({
    name: 'quic_packets_lost_total',
    help: 'Packets that the sender declared lost (RFC 9002 section 6); some arrive later, see spuriously lost. Path-MTU probes excluded.',
    labels: { trigger: LOSS_TRIGGERS },
    signal: 'loss',
  })
  const lostBytes = metrics.counter({
    name: 'quic_lost_bytes_total',
    help: 'Bytes of packets declared lost.',
    unit: 'bytes',
    signal: 'lostBytes',
  })
  const probes = metrics.counter({
    name: 'quic_mtu_probes_lost_total',
    help: 'Lost path-MTU probes: PING and PADDING only, longer than the current MTU. Not loss.',
    signal: 'lossNumbers',
  })
  const spurious = metrics.counter({
    name: 'quic_packets_spuriously_lost_total',
    help: 'Packets declared lost that turned out to have arrived.',
    signal: 'spuriousLoss',
  })
  const ratio = metrics.histogram({
    name: 'quic_connection_loss_ratio',
    help: 'Packets lost and not spurious by packets sent, of connections that sent at least 100. One observation per connection.',
    unit: 'ratio',
    buckets: [0, 0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.15, 0.25, 0.5],
    signal: 'lossRatio',
  })
  const timeouts = metrics.counter({
    name: 'quic_pto_total',
    help: 'Probe timeouts expired (RFC 9002 section 6.2).',
    signal: 'pto',
  })
  return {
    loss_declared(event, { source }) {
      declared.add(source, event.count, event.trigger)
      if (event.bytes !== undefined) lostBytes.add(source, event.bytes)
    },
    mtu_probe_lost(_event, { source }) {
      probes.add(source, 1)
    },
    loss_spurious(_event, { source }) {
      spurious.add(source, 1)
    },
    pto_expired(event, { source }) {
      timeouts.add(source, event.count)
    },
    connection_ended(_event, connection) {
      const { packetsSent: sent } = connection
      const { declared: lost, spurious: arrived } = connection.loss
      if (connection.facts.capabilities.lossRatio === undefined) return
      if (connection.joinedLate || sent < LEAST_SENT) return
      ratio.observe(connection.source, Math.round((Math.max(0, lost - arrived) / sent) * 1e6))
    },
  }
}
