// Names of error codes, written down a second time for the witness.

const words = (list: string) => list.split(/\s+/)

const transport = `no_error internal_error connection_refused flow_control_error
  stream_limit_error stream_state_error final_size_error frame_encoding_error
  transport_parameter_error connection_id_limit_error protocol_violation invalid_token
  application_error crypto_buffer_exceeded key_update_error aead_limit_reached no_viable_path`
const http3 = `no_error general_protocol_error internal_error stream_creation_error
  closed_critical_stream frame_unexpected frame_error excessive_load id_error settings_error
  missing_settings request_rejected request_cancelled request_incomplete message_error
  connect_error version_fallback`
const qpack = 'decompression_failed encoder_stream_error decoder_stream_error'
const alerts: Readonly<Record<number, string>> = {
  40: 'handshake_failure',
  42: 'bad_certificate',
  43: 'unsupported_certificate',
  44: 'certificate_revoked',
  45: 'certificate_expired',
  46: 'certificate_unknown',
  48: 'unknown_ca',
  50: 'decode_error',
  51: 'decrypt_error',
  70: 'protocol_version',
  80: 'internal_error',
  109: 'missing_extension',
  112: 'unrecognized_name',
  116: 'certificate_required',
  120: 'no_application_protocol',
}

/** The number behind a code that was written as a name. */
export function codeNumber(name: string): number | undefined {
  const crypto = /^crypto_error_0x([0-9a-f]+)$/.exec(name)?.[1]
  if (crypto) return Number.parseInt(crypto, 16)
  const index = words(transport).indexOf(name)
  return index < 0 ? undefined : index
}

/** The `code` label of an error: RFC 9000, RFC 9114 and RFC 9204 names, TLS alerts, or other. */
export function codeName(layer: string, code: number): string {
  if (layer === 'crypto') return alerts[code - 0x100] ?? 'other'
  if (layer === 'transport') return words(transport)[code] ?? 'other'
  const name = words(http3)[code - 0x100]
  if (name) return `h3_${name}`
  const field = words(qpack)[code - 0x200]
  return field ? `qpack_${field}` : 'other'
}

/** Every `code` label of a layer; codes without error are none. */
export function codesOf(layer: string): string[] {
  const range = (from: number, length: number) => Array.from({ length }, (_, i) => from + i)
  const codes = {
    transport: range(1, 0x10),
    application: [...range(0x101, 0x10), ...range(0x200, 3)],
    crypto: Object.keys(alerts).map((alert) => 0x100 + Number(alert)),
  }[layer]
  return [...(codes ?? []).map((code) => codeName(layer, code)), 'other']
}
