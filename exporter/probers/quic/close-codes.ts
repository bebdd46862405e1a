/** Names of error codes, for people (RFC 9000 §20.1, RFC 8446 §6, RFC 9368 §10.2). */

const TRANSPORT_ERRORS = [
  'NO_ERROR',
  'INTERNAL_ERROR',
  'CONNECTION_REFUSED',
  'FLOW_CONTROL_ERROR',
  'STREAM_LIMIT_ERROR',
  'STREAM_STATE_ERROR',
  'FINAL_SIZE_ERROR',
  'FRAME_ENCODING_ERROR',
  'TRANSPORT_PARAMETER_ERROR',
  'CONNECTION_ID_LIMIT_ERROR',
  'PROTOCOL_VIOLATION',
  'INVALID_TOKEN',
  'APPLICATION_ERROR',
  'CRYPTO_BUFFER_EXCEEDED',
  'KEY_UPDATE_ERROR',
  'AEAD_LIMIT_REACHED',
  'NO_VIABLE_PATH',
  'VERSION_NEGOTIATION_ERROR',
]

/** Those that an answer to a ClientHello can bring. */
const ALERTS: ReadonlyMap<number, string> = new Map([
  [40, 'handshake_failure'],
  [47, 'illegal_parameter'],
  [50, 'decode_error'],
  [70, 'protocol_version'],
  [71, 'insufficient_security'],
  [80, 'internal_error'],
  [86, 'inappropriate_fallback'],
  [109, 'missing_extension'],
  [110, 'unsupported_extension'],
  [112, 'unrecognized_name'],
  [120, 'no_application_protocol'],
])

/** A code with its name if it has one: `0x178 (TLS alert no_application_protocol)`. */
export function closeCodeText(code: number): string {
  const name = nameOf(code)
  return name === undefined ? `0x${code.toString(16)}` : `0x${code.toString(16)} (${name})`
}

function nameOf(code: number): string | undefined {
  if (code < 0x100 || code > 0x1ff) return TRANSPORT_ERRORS[code]
  return `TLS alert ${ALERTS.get(code - 0x100) ?? code - 0x100}`
}
