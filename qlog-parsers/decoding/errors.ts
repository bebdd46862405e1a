/** QUIC error codes as logs write them: numbers, names, or `crypto_error_0x178`. */
import type { ErrorSpace, QuicError } from '../events.ts'
import { asNumber, type JsonObject } from './fields.ts'

/** RFC 9000 §20.1 and RFC 9368 §5 (version negotiation error), by code. */
export const TRANSPORT_ERROR_NAMES: ReadonlyMap<number, string> = new Map([
  [0x00, 'no_error'],
  [0x01, 'internal_error'],
  [0x02, 'connection_refused'],
  [0x03, 'flow_control_error'],
  [0x04, 'stream_limit_error'],
  [0x05, 'stream_state_error'],
  [0x06, 'final_size_error'],
  [0x07, 'frame_encoding_error'],
  [0x08, 'transport_parameter_error'],
  [0x09, 'connection_id_limit_error'],
  [0x0a, 'protocol_violation'],
  [0x0b, 'invalid_token'],
  [0x0c, 'application_error'],
  [0x0d, 'crypto_buffer_exceeded'],
  [0x0e, 'key_update_error'],
  [0x0f, 'aead_limit_reached'],
  [0x10, 'no_viable_path'],
])

const CODES = new Map([...TRANSPORT_ERROR_NAMES].map(([code, name]) => [name, code]))
const VERSION_NEGOTIATION_ERROR = 0x11
CODES.set('version_negotiation_error', VERSION_NEGOTIATION_ERROR)

/** A code that no registry knows; it is counted as `other`. */
const UNKNOWN_CODE = -1

/** The error of a CONNECTION_CLOSE frame (RFC 9000 §19.19). */
export function frameError(frame: JsonObject): QuicError {
  const application = String(frame.error_space ?? '').startsWith('application')
  const written = firstOf(frame, ['raw_error_code', 'error_code_value', 'error_code', 'error'])
  return error(application ? 'application' : 'transport', written)
}

/** The error of a close event, whatever draft names it; undefined if the event names none. */
export function closeEventError(data: JsonObject): QuicError | undefined {
  const number = asNumber(data.error_code)
  if (data.application_error !== undefined || data.application_code !== undefined) {
    const name = data.application_code ?? data.application_error
    return error('application', Number.isNaN(number) ? name : number)
  }
  if (data.connection_error !== undefined || data.connection_code !== undefined) {
    const name = data.connection_code ?? data.connection_error
    return error('transport', Number.isNaN(number) ? name : number)
  }
  return Number.isNaN(number) ? undefined : error('transport', number)
}

function error(space: 'transport' | 'application', written: unknown): QuicError {
  const code = codeOf(written)
  if (space === 'application') return { space, code }
  const inCrypto = code >= 0x100 && code <= 0x1ff
  const actual: ErrorSpace = inCrypto ? 'crypto' : 'transport'
  return { space: actual, code: inCrypto ? code - 0x100 : code }
}

function codeOf(written: unknown): number {
  const number = asNumber(written)
  if (Number.isSafeInteger(number) && number >= 0) return number
  if (typeof written !== 'string') return UNKNOWN_CODE
  const crypto = /^crypto_error_0x([0-9a-f]{1,4})$/i.exec(written)
  if (crypto) return Number.parseInt(crypto[1] as string, 16)
  return CODES.get(written.toLowerCase()) ?? UNKNOWN_CODE
}

function firstOf(object: JsonObject, keys: readonly string[]): unknown {
  for (const key of keys) if (object[key] !== undefined) return object[key]
  return undefined
}
