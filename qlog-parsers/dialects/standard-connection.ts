/** Readers of a connection's life as the qlog drafts define it: parameters, version, keys, close, HTTP/3. */
import { MOST_PACKET_BYTES } from '../decoding/bounds.ts'
import { closeEventError } from '../decoding/errors.ts'
import { isObject } from '../decoding/fields.ts'
import type { Reader } from '../dialect.ts'
import type { CloseTrigger, EcnState, Endpoint } from '../events.ts'
import { pickedScan } from '../scanning/picked.ts'
import { quicVersion } from './versions.ts'

/** `parameters_set` of the transport (RFC 9000 §18.2). */
export const parameters: Reader = (data, reading) => {
  const { at, fields } = reading
  const side = endpoint(data.initiator ?? data.owner)
  if (side === 'unknown') return true
  const maxIdleTimeoutUs = fields.milliseconds(data, 'max_idle_timeout')
  const maxAckDelayUs = fields.milliseconds(data, 'max_ack_delay')
  reading.emit({
    type: 'parameters',
    at,
    side,
    ...(maxIdleTimeoutUs === undefined ? {} : { maxIdleTimeoutUs }),
    ...(maxAckDelayUs === undefined ? {} : { maxAckDelayUs }),
  })
  return true
}

/** The same, read in place. */
export const parametersScan = pickedScan(parameters, {
  initiator: true,
  owner: true,
  max_idle_timeout: true,
  max_ack_delay: true,
})

/** `version_information` with the version that was chosen. */
export const versionInformation: Reader = (data, reading) => {
  const chosen = reading.fields.text(data, 'chosen_version')
  if (chosen !== undefined) {
    reading.emit({ type: 'version', at: reading.at, version: quicVersion(chosen) })
  }
  return true
}

const CLOSE_TRIGGER = new Map<unknown, CloseTrigger>([
  ['idle_timeout', 'idle_timeout'],
  ['handshake_timeout', 'handshake_timeout'],
  ['stateless_reset', 'stateless_reset'],
  ['version_mismatch', 'version_mismatch'],
])

/** `connection_closed`; `owner` before draft quic-12, `initiator` since. */
export const connectionClosed: Reader = (data, reading) => {
  const trigger = CLOSE_TRIGGER.get(data.trigger)
  const error = closeEventError(data)
  reading.emit({
    type: 'connection_closed',
    at: reading.at,
    initiator: endpoint(data.initiator ?? data.owner),
    ...(trigger === undefined ? {} : { trigger }),
    ...(error === undefined ? {} : { error }),
  })
  return true
}

/** The same, read in place. */
export const connectionClosedScan = pickedScan(connectionClosed, {
  initiator: true,
  owner: true,
  trigger: true,
  error_code: true,
  application_error: true,
  application_code: true,
  connection_error: true,
  connection_code: true,
})

/**
 * `key_updated`: the 1-RTT keys' own updates, not those that the handshake installs. Writers log both
 * directions' secrets; the server's stands for the update.
 */
export const keyUpdated: Reader = (data, reading) => {
  const initiator = KEY_UPDATE_BY.get(data.trigger)
  if (initiator !== undefined && data.key_type !== 'client_1rtt_secret') {
    reading.emit({ type: 'key_updated', at: reading.at, initiator })
  }
  return true
}

const KEY_UPDATE_BY = new Map<unknown, Endpoint>([
  ['local_update', 'local'],
  ['remote_update', 'remote'],
])

const ECN_STATE = new Map<unknown, EcnState>([
  ['capable', 'capable'],
  ['failed', 'failed'],
])

/** `ecn_state_updated` (RFC 9000 §13.4); testing and unknown are both unknown. */
export const ecnState: Reader = (data, reading) => {
  reading.emit({ type: 'ecn_state', at: reading.at, state: ECN_STATE.get(data.new) ?? 'unknown' })
  return true
}

/** `mtu_updated`; the key is `new` in the drafts, `mtu` in quic-go. */
export function mtuReader(key: string): Reader {
  return (data, reading) => {
    const bytes = reading.fields.count(data, key, MOST_PACKET_BYTES)
    if (bytes === undefined) return false
    reading.emit({ type: 'path_mtu', at: reading.at, bytes })
    return true
  }
}

/** HEADERS that the server created: its final responses. Nothing but `:status` is looked at. */
export function responseReader(headersKey: string): Reader {
  return (data, reading) => {
    const frame = data.frame
    if (reading.vantage !== 'server' || !isObject(frame) || frame.frame_type !== 'headers')
      return true
    const headers = frame[headersKey]
    if (!Array.isArray(headers)) return true
    for (const header of headers) {
      if (!isObject(header) || header.name !== ':status') continue
      const status = reading.fields.count(header, 'value')
      if (status !== undefined && status >= 200) {
        reading.emit({ type: 'http3_response', at: reading.at, status })
      }
      return true
    }
    return true
  }
}

function endpoint(written: unknown): Endpoint | 'unknown' {
  return written === 'local' || written === 'remote' ? written : 'unknown'
}
