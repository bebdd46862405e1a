/** What else a transport connection shows: path MTU, key updates, ECN, streams, flow control. */
import { ECN_STATES } from '../../qlog-parsers/index.ts'
import type { Collector } from './collector.ts'

export const transport: Collector = (metrics) => {
  const mtu = metrics.histogram({
    name: 'quic_path_mtu_bytes',
    help: 'Last path MTU of a connection. One observation per connection.',
    unit: 'bytes',
    buckets: [1200, 1280, 1350, 1400, 1452, 1472, 1500, 9000],
    signal: 'pathMtu',
  })
  const keyUpdates = metrics.counter({
    name: 'quic_key_updates_total',
    help: 'Updates of the 1-RTT keys, by who began them (RFC 9001 section 6).',
    labels: { initiator: ['local', 'remote'] },
    signal: 'keyUpdates',
  })
  const ecn = metrics.counter({
    name: 'quic_ecn_connections_total',
    help: 'Connections by their last ECN state (RFC 9000 section 13.4).',
    labels: { state: ECN_STATES },
    signal: 'ecn',
  })
  const streams = metrics.counter({
    name: 'quic_streams_opened_total',
    help: 'Streams opened, by who opened them.',
    labels: { initiator: ['local', 'remote'], stream_type: ['bidirectional', 'unidirectional'] },
    signal: 'streams',
  })
  const reset = { frame: ['reset_stream', 'stop_sending'] }
  const blocked = { frame: ['data_blocked', 'stream_data_blocked', 'streams_blocked'] }
  const frames = (name: string, help: string, labels: Record<string, string[]>) =>
    metrics.counter({ name, help, labels, signal: 'streams' })
  const resets = {
    sent: frames(
      'quic_stream_reset_frames_sent_total',
      'Frames sent that give a stream up.',
      reset,
    ),
    received: frames(
      'quic_stream_reset_frames_received_total',
      'Frames received that give a stream up.',
      reset,
    ),
  }
  const blocks = {
    sent: frames(
      'quic_blocked_frames_sent_total',
      'Frames sent that say that flow control holds us up.',
      blocked,
    ),
    received: frames(
      'quic_blocked_frames_received_total',
      'Frames received that say that our flow control holds the peer up.',
      blocked,
    ),
  }
  return {
    connection_ended(_event, connection) {
      if (connection.mtuBytes !== undefined) mtu.observe(connection.source, connection.mtuBytes)
      if (connection.ecn !== undefined) ecn.add(connection.source, 1, connection.ecn)
    },
    key_updated(event, { source }) {
      keyUpdates.add(source, 1, event.initiator)
    },
    streams_opened(event, { source }) {
      streams.add(source, event.count, event.initiator, event.streamType)
    },
    stream_reset(event, { source }) {
      resets[event.direction].add(source, 1, event.frame)
    },
    blocked(event, { source }) {
      blocks[event.direction].add(source, 1, event.frame)
    },
  }
}
