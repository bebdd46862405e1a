/** A connection's life as any draft or reference implementation writes it. */
import { closeEventError } from '../decoding/errors.ts'
import { asNumber, isObject, type JsonObject } from '../decoding/fields.ts'
import type { Reader } from '../dialect.ts'
import type { MigrationKind } from '../events.ts'
import { stateReader } from './connection-state.ts'
import { type ShowingReader, saysNoError } from './generic-packets.ts'
import { SHOWS, type Shown } from './generic-shown.ts'
import {
  connectionClosed,
  ecnState,
  keyUpdated,
  mtuReader,
  responseReader,
  parameters as standardParameters,
  versionInformation,
} from './standard-connection.ts'

/** A standard reader, and what its events show of their writer once it told one. */
function showing(read: Reader, shows: Shown): ShowingReader {
  return (data, reading) => {
    let told = false
    const { at, fields, vantage } = reading
    const isRead = read(data, {
      at,
      fields,
      vantage,
      emit(event) {
        told = true
        reading.emit(event)
      },
      become: (dialect) => reading.become(dialect),
    })
    return isRead && (told ? shows : 0)
  }
}

/** `version_information` with the version that was chosen. */
export const versions = showing(versionInformation, SHOWS.version)

/** `key_updated` of a 1-RTT key. */
export const keyUpdates = showing(keyUpdated, SHOWS.key_updates)

/** `ecn_state_updated`. */
export const ecnStates = showing(ecnState, SHOWS.ecn)

const newMtu = mtuReader('new')

/** `mtu_updated`; the key is `new` in the drafts. */
export const mtuUpdates: ShowingReader = (data, reading) =>
  newMtu({ new: data.new ?? data.mtu }, reading) && SHOWS.path_mtu

/** HEADERS that the server created. */
export const responses: ShowingReader = (data, reading) => {
  const frame = isObject(data.frame) ? data.frame : {}
  const key = Array.isArray(frame.headers) ? 'headers' : 'header_fields'
  return showing(responseReader(key), SHOWS.http3)(data, reading, 0)
}

/** `parameters_set` of the transport: always whole milliseconds (RFC 9000 §18.2), whatever the trace's unit. */
export const parameters: ShowingReader = (data, reading) => {
  const { unitUs } = reading.fields
  const ms = (value: unknown) =>
    value === undefined ? undefined : (asNumber(value) * 1000) / unitUs
  const idle = ms(data.max_idle_timeout ?? data.idle_timeout)
  const delay = ms(data.max_ack_delay)
  // Some write them in several records; only one of them is about time.
  if (idle === undefined && delay === undefined) return 0
  const initiator = data.initiator ?? data.owner
  const written = { initiator, max_idle_timeout: idle, max_ack_delay: delay }
  return standardParameters(written, reading) && 0
}

const newState = stateReader('new')

/** What mvfst calls states, in words that only it uses. */
const ZERO_RTT = /^zerortt /

/** `connection_state_updated`; `state` in OpenSSL's form. */
export const states: ShowingReader = (data, reading) => {
  const written = data.new ?? data.state
  const { at } = reading
  if (written === 'transport ready') {
    // A server of mvfst is ready to write before the client has finished: its HANDSHAKE_DONE tells.
    if (reading.vantage === 'server') return SHOWS.told_moves
    reading.emit({ type: 'connection_state', at, state: 'handshake_complete' })
    return SHOWS.states | SHOWS.told_moves
  }
  if (typeof written === 'string' && ZERO_RTT.test(written)) {
    if (written === 'zerortt rejected') reading.emit({ type: 'zero_rtt_rejected', at })
    return SHOWS.told_zero_rtt
  }
  return showing(newState, SHOWS.states)({ new: written }, reading, 0)
}

/** `connection_closed`; `error` is text in mvfst. */
export const closed: ShowingReader = (data, reading) => {
  const written = withText(data)
  connectionClosed(written, reading)
  return (
    (closeEventError(written) === undefined ? 0 : SHOWS.close_errors) |
    (CLOSE_TRIGGERS.has(written.trigger) ? SHOWS.close_triggers : 0)
  )
}

const CLOSE_TRIGGERS = new Set<unknown>([
  'idle_timeout',
  'handshake_timeout',
  'stateless_reset',
  'version_mismatch',
])

/** The two things that mvfst's text tells for certain: there was no error, or nothing came any more. */
function withText(data: JsonObject): JsonObject {
  if (typeof data.error !== 'string') return data
  if (/idle timeout/i.test(data.error)) return { ...data, trigger: 'idle_timeout' }
  return saysNoError(data.error) ? { ...data, connection_code: 0 } : data
}

/** mvfst's `connection_migrated`: the client moved, on purpose or not. */
export const migrated: ShowingReader = (data, reading) => {
  const kind: MigrationKind = data.intentional === true ? 'active' : 'nat_rebinding'
  const wanted = reading.vantage === 'server' ? 'accepting' : 'initiating'
  if ((data.type ?? wanted) === wanted) {
    reading.emit({ type: 'migration', at: reading.at, kind, failed: false })
  }
  return SHOWS.told_moves
}

/** mvfst's `path_validated`. */
export const pathValidated: ShowingReader = (data, reading) => {
  if (typeof data.success !== 'boolean') return false
  const type = data.success ? 'path_validated' : 'path_validation_failed'
  reading.emit({ type, at: reading.at })
  return SHOWS.told_moves
}

/** `migration_state_updated` of draft quic-07 and later. */
export const migrationStates: ShowingReader = (data, reading) => {
  const { at } = reading
  switch (data.new) {
    case 'probing_successful':
      reading.emit({ type: 'path_validated', at })
      break
    case 'probing_abandoned':
      reading.emit({ type: 'path_validation_failed', at })
      break
    case 'migration_complete':
      reading.emit({ type: 'migration', at, kind: 'unknown', failed: false })
      break
    case 'migration_abandoned':
      reading.emit({ type: 'migration', at, kind: 'unknown', failed: true })
  }
  return SHOWS.told_path_states
}
