/**
 * quic-go 0.56 and later, as Caddy 2.11 writes it: a header with the new schema names, events with the
 * old ones, and no field that is zero.
 */
import type { Dialect } from '../dialect.ts'
import {
  congestionState,
  congestionStateScan,
  packetDropped,
  packetLost,
  packetLostScan,
  packetReader,
  packetScan,
  spuriousLoss,
} from './standard.ts'
import {
  connectionClosed,
  connectionClosedScan,
  ecnState,
  keyUpdated,
  mtuReader,
  parameters,
  parametersScan,
  responseReader,
  versionInformation,
} from './standard-connection.ts'
import { metricsReader, metricsScan } from './standard-metrics.ts'

const options = { omitsZero: true }

export const quicGo: Dialect = {
  name: 'quic-go',
  producers: 'quic-go ≥ 0.56 (Caddy ≥ 2.11)',
  advice: 'nothing: QLOGDIR already gives everything that quic-go logs',
  wrote: (header) => header.title.startsWith('quic-go') && header.hasReferenceObject,
  capabilities: {
    connection: true,
    packets: true,
    version: true,
    zeroRtt: true,
    loss: ['reordering_threshold', 'time_threshold'],
    spuriousLoss: 'event',
    lossNumbers: true,
    drops: true,
    pto: true,
    rtt: true,
    congestionWindow: true,
    bytesInFlight: true,
    congestionStates: ['slow_start', 'congestion_avoidance', 'recovery', 'application_limited'],
    pathFrames: true,
    migrationKinds: ['nat_rebinding', 'active'],
    pathMtu: true,
    keyUpdates: ['local', 'remote'],
    ecn: true,
    streams: true,
    http3: true,
    closeTriggers: ['idle_timeout', 'handshake_timeout', 'stateless_reset', 'version_mismatch'],
  },
  readers: new Map([
    ['transport:packet_sent', packetReader('sent')],
    ['transport:packet_received', packetReader('received')],
    ['transport:packet_dropped', packetDropped],
    ['transport:parameters_set', parameters],
    ['transport:version_information', versionInformation],
    ['transport:connection_closed', connectionClosed],
    ['recovery:metrics_updated', metricsReader(options)],
    ['recovery:packet_lost', packetLost],
    ['recovery:spurious_loss', spuriousLoss],
    ['recovery:congestion_state_updated', congestionState],
    ['recovery:mtu_updated', mtuReader('mtu')],
    ['recovery:ecn_state_updated', ecnState],
    ['security:key_updated', keyUpdated],
    ['http3:frame_created', responseReader('header_fields')],
  ]),
  scans: new Map([
    ['transport:packet_sent', packetScan('sent')],
    ['transport:packet_received', packetScan('received')],
    ['recovery:metrics_updated', metricsScan(options)],
    ['transport:parameters_set', parametersScan],
    ['recovery:packet_lost', packetLostScan],
    ['recovery:congestion_state_updated', congestionStateScan],
    ['transport:connection_closed', connectionClosedScan],
  ]),
  unread: new Set([
    'transport:connection_started',
    'transport:alpn_information',
    'transport:parameters_restored',
    'transport:packet_buffered',
    'recovery:loss_timer_updated',
    'security:key_discarded',
    'http3:frame_parsed',
    'http3:datagram_created',
    'http3:datagram_parsed',
  ]),
}
