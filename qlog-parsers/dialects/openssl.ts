/**
 * OpenSSL built with enable-unstable-qlog, client and server: times count from the event before, large
 * numbers come as text, packets have no length, metrics are not logged. The ECN counts of its ACK frames carry
 * each other's names; they are not read. It answers a PATH_CHALLENGE but sends none: where a peer moved it
 * does not find out, so moves and validations are absent.
 */
import type { Dialect, Reader } from '../dialect.ts'
import { stateReader } from './connection-state.ts'
import { packetLost, packetReader } from './standard.ts'
import { connectionClosed, parameters } from './standard-connection.ts'

/** OSSL_QUIC_LOCAL_ERR_IDLE_TIMEOUT: 2^64 − 1, no code of any registry. */
const IDLE_TIMEOUT = '18446744073709551615'

const closed: Reader = (data, reading) => {
  if (String(data.connection_code) !== IDLE_TIMEOUT) return connectionClosed(data, reading)
  const { at } = reading
  reading.emit({ type: 'connection_closed', at, initiator: 'local', trigger: 'idle_timeout' })
  return true
}

export const openssl: Dialect = {
  name: 'openssl',
  producers: 'OpenSSL ≥ 3.3 with enable-unstable-qlog',
  advice:
    "set OSSL_QFILTER='*' beside QLOGDIR; OpenSSL logs no round-trip times, windows or packet lengths",
  wrote: (header) => header.producerName.startsWith('OpenSSL/'),
  capabilities: {
    connection: true,
    packets: true,
    zeroRtt: true,
    handshake: true,
    errorCodes: true,
    pathFrames: true,
    streams: true,
    loss: ['unknown'],
    lossRatio: true,
    spuriousLoss: 'acks',
    closeTriggers: ['idle_timeout', 'handshake_timeout'],
  },
  rules: {
    handshake: 'state_event',
    close: 'close_event_or_frame',
    migration: 'none',
  },
  readers: new Map([
    ['transport:packet_sent', packetReader('sent')],
    ['transport:packet_received', packetReader('received')],
    ['transport:parameters_set', parameters],
    ['recovery:packet_lost', packetLost],
    ['connectivity:connection_state_updated', stateReader('state')],
    ['connectivity:connection_closed', closed],
  ]),
  // Times that count from the event before are not read in place.
  scans: new Map(),
  unread: new Set(['connectivity:connection_started']),
}
