/**
 * nginx with the proposed qlog patch (nginx/nginx pull request 1398): whole milliseconds, only metrics that
 * changed, `clean` for every close without an error. It builds records in a buffer that a whole worker shares
 * and can overwrite one of them, and writes the peer's `reason` without escapes: such a record costs itself.
 */
import type { Dialect } from '../dialect.ts'
import { packetLost, packetLostScan, packetReader, packetScan } from './standard.ts'
import { FRAMES, PACKETS } from './standard-capabilities.ts'
import {
  connectionClosed,
  connectionClosedScan,
  parameters,
  parametersScan,
} from './standard-connection.ts'
import { metricsReader, metricsScan } from './standard-metrics.ts'

const options = { wholeMilliseconds: true }

export const nginxQlog: Dialect = {
  name: 'nginx-qlog',
  producers: 'nginx with the proposed qlog patch (pull request 1398)',
  advice:
    'raise quic_qlog_importance if metrics are missing; leave quic_qlog_max_size out: a file that reaches it ends without a close and expires; tell the N of quic_qlog_sample as sample_ratio: 1/N',
  wrote: (header) => header.producerName === 'nginx',
  capabilities: {
    connection: true,
    ...PACKETS,
    ...FRAMES,
    loss: ['reordering_threshold', 'time_threshold'],
    lossRatio: true,
    spuriousLoss: 'acks',
    lossNumbers: true,
    pto: true,
    rtt: true,
    congestionWindow: true,
    bytesInFlight: true,
    closeTriggers: ['idle_timeout', 'handshake_timeout'],
  },
  rules: {
    handshake: 'handshake_done_frame',
    close: 'close_event_or_frame',
    migration: 'path_challenge_data',
  },
  readers: new Map([
    ['transport:packet_sent', packetReader('sent')],
    ['transport:packet_received', packetReader('received')],
    ['transport:parameters_set', parameters],
    ['recovery:metrics_updated', metricsReader(options)],
    ['recovery:packet_lost', packetLost],
    ['connectivity:connection_closed', connectionClosed],
  ]),
  scans: new Map([
    ['transport:packet_sent', packetScan('sent')],
    ['transport:packet_received', packetScan('received')],
    ['transport:parameters_set', parametersScan],
    ['recovery:metrics_updated', metricsScan(options)],
    ['recovery:packet_lost', packetLostScan],
    ['connectivity:connection_closed', connectionClosedScan],
  ]),
  unread: new Set(['connectivity:connection_started']),
}
