/**
 * ngtcp2 (its example server, curl, nghttpx): whole milliseconds, every metric in every record, five
 * kinds of event. A connection's end is only seen in a CONNECTION_CLOSE frame, an idle time-out not at all.
 */
import type { Dialect } from '../dialect.ts'
import { packetLost, packetLostScan, packetReader, packetScan } from './standard.ts'
import { FRAMES, PACKETS } from './standard-capabilities.ts'
import { parameters, parametersScan } from './standard-connection.ts'
import { metricsReader, metricsScan } from './standard-metrics.ts'

const options = { wholeMilliseconds: true }

export const ngtcp2: Dialect = {
  name: 'ngtcp2',
  producers: 'ngtcp2 (gtlsserver, nghttpx, curl)',
  advice: 'nothing: ngtcp2 logs no congestion states, drops, ECN, key updates or HTTP/3',
  wrote: (header) => header.producerName === 'ngtcp2',
  capabilities: {
    connection: true,
    ...PACKETS,
    ...FRAMES,
    loss: ['unknown'],
    lossRatio: true,
    spuriousLoss: 'acks',
    lossNumbers: true,
    pto: true,
    rtt: true,
    congestionWindow: true,
    bytesInFlight: true,
  },
  rules: {
    handshake: 'handshake_done_frame',
    close: 'close_frame',
    migration: 'path_challenge_data',
  },
  readers: new Map([
    ['transport:packet_sent', packetReader('sent')],
    ['transport:packet_received', packetReader('received')],
    ['transport:parameters_set', parameters],
    ['recovery:metrics_updated', metricsReader(options)],
    ['recovery:packet_lost', packetLost],
  ]),
  scans: new Map([
    ['transport:packet_sent', packetScan('sent')],
    ['transport:packet_received', packetScan('received')],
    ['recovery:metrics_updated', metricsScan(options)],
    ['transport:parameters_set', parametersScan],
    ['recovery:packet_lost', packetLostScan],
  ]),
  unread: new Set([]),
}
