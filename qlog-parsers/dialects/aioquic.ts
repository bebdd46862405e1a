/**
 * aioquic: one JSON document for each connection, written when it is over, with the vantage point behind the
 * events and Unix times. It logs no versions, probe timeouts, congestion states, ECN or path MTU, and
 * `connectivity:spin_bit_updated` for every packet received. A connection's end is only seen in a
 * CONNECTION_CLOSE frame.
 */
import type { Dialect, Reader } from '../dialect.ts'
import { packetDropped, packetLost, packetReader } from './standard.ts'
import { FRAMES, PACKETS } from './standard-capabilities.ts'
import { keyUpdated, parameters, responseReader } from './standard-connection.ts'
import { metricsReader } from './standard-metrics.ts'

const standardMetrics = metricsReader({})

/** The congestion window is called as in draft-00. */
const metrics: Reader = ({ cwnd, ...others }, reading) =>
  standardMetrics(cwnd === undefined ? others : { ...others, congestion_window: cwnd }, reading)

/** The packet is not in a header of its own. */
const lost: Reader = ({ type, packet_number }, reading) =>
  packetLost({ header: { packet_type: type, packet_number } }, reading)

export const aioquic: Dialect = {
  name: 'aioquic',
  producers: 'aioquic (QuicFileLogger)',
  advice: 'nothing: aioquic logs no versions, probe timeouts, congestion states, ECN or path MTU',
  // The name may come too late to be seen: nobody else gives the ODCID and no other word about a trace.
  wrote: (header) =>
    header.producerName === 'aioquic' ||
    (header.isContained &&
      header.producerName === '' &&
      header.title === '' &&
      header.description === '' &&
      header.commonFields.join() === 'ODCID'),
  capabilities: {
    connection: true,
    ...PACKETS,
    ...FRAMES,
    loss: ['unknown'],
    lossRatio: true,
    spuriousLoss: 'acks',
    lossNumbers: true,
    drops: true,
    rtt: true,
    congestionWindow: true,
    bytesInFlight: true,
    keyUpdates: ['local', 'remote'],
    http3: true,
  },
  rules: {
    handshake: 'handshake_done_frame',
    close: 'close_frame',
    migration: 'path_challenge_connection_id',
  },
  readers: new Map([
    ['transport:packet_sent', packetReader('sent')],
    ['transport:packet_received', packetReader('received')],
    ['transport:packet_dropped', packetDropped],
    ['transport:parameters_set', parameters],
    ['recovery:metrics_updated', metrics],
    ['recovery:packet_lost', lost],
    ['security:key_updated', keyUpdated],
    ['http:frame_created', responseReader('headers')],
  ]),
  // Blanks between tokens and times of more than 15 digits: nothing of it can be read in place.
  scans: new Map(),
  unread: new Set([
    'connectivity:spin_bit_updated',
    'transport:datagrams_sent',
    'transport:datagrams_received',
    'transport:alpn_information',
    'transport:version_information',
    'security:key_retired',
    'http:frame_parsed',
    'http:stream_type_set',
    'qpack:headers_decoded',
    'qpack:headers_encoded',
  ]),
}
