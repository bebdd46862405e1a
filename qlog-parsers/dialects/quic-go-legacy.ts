/**
 * quic-go up to 0.55: NDJSON of draft-02 (up to 0.45) and JSON text sequences of 0.3 (as in Caddy 2.9 and
 * 2.10). Zeros are written, spurious losses and HTTP/3 frames are not.
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
} from './standard.ts'
import { FRAMES, PACKETS } from './standard-capabilities.ts'
import {
  connectionClosed,
  connectionClosedScan,
  ecnState,
  keyUpdated,
  mtuReader,
  parameters,
  parametersScan,
  versionInformation,
} from './standard-connection.ts'
import { metricsReader, metricsScan } from './standard-metrics.ts'

export const quicGoLegacy: Dialect = {
  name: 'quic-go-legacy',
  producers: 'quic-go ≤ 0.55 (Caddy 2.9, 2.10)',
  advice:
    'upgrade the proxy to quic-go ≥ 0.56 (Caddy ≥ 2.11) for HTTP/3 requests and spurious losses',
  wrote: (header) => header.title.startsWith('quic-go') && !header.hasReferenceObject,
  capabilities: {
    connection: true,
    ...PACKETS,
    ...FRAMES,
    version: true,
    loss: ['reordering_threshold', 'time_threshold'],
    lossRatio: true,
    spuriousLoss: 'acks',
    lossNumbers: true,
    drops: true,
    pto: true,
    rtt: true,
    congestionWindow: true,
    bytesInFlight: true,
    congestionStates: ['slow_start', 'congestion_avoidance', 'recovery', 'application_limited'],
    pathMtu: true,
    keyUpdates: ['local', 'remote'],
    ecn: true,
    closeTriggers: ['idle_timeout', 'handshake_timeout', 'stateless_reset', 'version_mismatch'],
  },
  rules: {
    handshake: 'handshake_done_frame',
    close: 'close_event_or_frame',
    migration: 'path_challenge_connection_id',
  },
  readers: new Map([
    ['transport:packet_sent', packetReader('sent')],
    ['transport:packet_received', packetReader('received')],
    ['transport:packet_dropped', packetDropped],
    ['transport:parameters_set', parameters],
    ['transport:version_information', versionInformation],
    ['transport:connection_closed', connectionClosed],
    ['recovery:metrics_updated', metricsReader({})],
    ['recovery:packet_lost', packetLost],
    ['recovery:congestion_state_updated', congestionState],
    ['recovery:mtu_updated', mtuReader('mtu')],
    ['recovery:ecn_state_updated', ecnState],
    ['security:key_updated', keyUpdated],
  ]),
  scans: new Map([
    ['transport:packet_sent', packetScan('sent')],
    ['transport:packet_received', packetScan('received')],
    ['recovery:metrics_updated', metricsScan({})],
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
  ]),
}
