/** Connections: started, active, silent, closed and why, how long they lived, which version they spoke. */
import { QUIC_VERSIONS } from '../../qlog-parsers/index.ts'
import { CLOSE_REASONS, INITIATORS } from '../connections/derived.ts'
import type { Collector } from './collector.ts'

export const connections: Collector = (metrics) => {
  const started = metrics.counter({
    name: 'quic_connections_total',
    help: 'QUIC connections started.',
    signal: 'connection',
  })
  const active = metrics.gauge({
    name: 'quic_connections_active',
    help: 'QUIC connections started and not ended; always started minus the sum of closed.',
    signal: 'connection',
  })
  const silent = metrics.gauge({
    name: 'quic_connections_silent',
    help: 'Active QUIC connections without new bytes for longer than their idle timeout. Depends on the wall clock.',
    signal: 'connection',
    depends: 'clock',
  })
  const closed = metrics.counter({
    name: 'quic_connections_closed_total',
    help: 'QUIC connections ended, by derived reason and by who ended them. Reason expired depends on the wall clock.',
    labels: { reason: CLOSE_REASONS, initiator: INITIATORS },
    signal: 'closeReason',
  })
  const vanished = metrics.counter({
    name: 'quic_connections_vanished_total',
    help: 'QUIC connections that ended by idle timeout or expiry with bytes in flight: the peer or the path died.',
    signal: 'vanished',
  })
  const duration = metrics.histogram({
    name: 'quic_connection_duration_seconds',
    help: 'From the first event of a QUIC connection to its end. One observation per connection.',
    unit: 'seconds',
    buckets: [0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600, 14400, 86400],
    signal: 'connection',
  })
  const versions = metrics.counter({
    name: 'quic_connection_versions_total',
    help: 'QUIC connections by the version they use.',
    labels: { version: QUIC_VERSIONS },
    signal: 'version',
  })
  return {
    connection_started(_event, { source }) {
      started.add(source, 1)
      active.add(source, 1)
    },
    connection_ended(_event, connection) {
      if (connection.joinedLate) return
      duration.observe(connection.source, connection.now - connection.startedAt)
    },
    close_reason(event, connection) {
      const { source, facts } = connection
      closed.add(source, 1, event.reason, event.initiator)
      active.add(source, -1)
      const died = event.reason === 'idle_timeout' || event.reason === 'expired'
      const tellsEnds = facts.capabilities.errorCodes === true
      if (died && tellsEnds && (connection.recovery.bytesInFlight ?? 0) > 0) vanished.add(source, 1)
    },
    silence(event, { source }) {
      silent.add(source, event.silent ? 1 : -1)
    },
    version_known(event, { source }) {
      versions.add(source, 1, event.version)
    },
  }
}
