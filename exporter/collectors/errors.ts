/** Errors that ended connections, by layer: only codes of the registries, everything else is `other`. */
import { type QuicError, TRANSPORT_ERROR_NAMES } from '../../qlog-parsers/index.ts'
import type { Collector } from './collector.ts'

/** TLS alerts (RFC 8446 §6, RFC 7301) that METRICS names. */
const TLS_ALERTS: ReadonlyMap<number, string> = new Map([
  [40, 'handshake_failure'],
  [42, 'bad_certificate'],
  [43, 'unsupported_certificate'],
  [44, 'certificate_revoked'],
  [45, 'certificate_expired'],
  [46, 'certificate_unknown'],
  [48, 'unknown_ca'],
  [50, 'decode_error'],
  [51, 'decrypt_error'],
  [70, 'protocol_version'],
  [80, 'internal_error'],
  [109, 'missing_extension'],
  [112, 'unrecognized_name'],
  [116, 'certificate_required'],
  [120, 'no_application_protocol'],
])

/** RFC 9114 §8.1 and RFC 9204 §6. */
const APPLICATION_ERRORS: ReadonlyMap<number, string> = new Map([
  [0x101, 'h3_general_protocol_error'],
  [0x102, 'h3_internal_error'],
  [0x103, 'h3_stream_creation_error'],
  [0x104, 'h3_closed_critical_stream'],
  [0x105, 'h3_frame_unexpected'],
  [0x106, 'h3_frame_error'],
  [0x107, 'h3_excessive_load'],
  [0x108, 'h3_id_error'],
  [0x109, 'h3_settings_error'],
  [0x10a, 'h3_missing_settings'],
  [0x10b, 'h3_request_rejected'],
  [0x10c, 'h3_request_cancelled'],
  [0x10d, 'h3_request_incomplete'],
  [0x10e, 'h3_message_error'],
  [0x10f, 'h3_connect_error'],
  [0x110, 'h3_version_fallback'],
  [0x200, 'qpack_decompression_failed'],
  [0x201, 'qpack_encoder_stream_error'],
  [0x202, 'qpack_decoder_stream_error'],
])

const TRANSPORT_ERRORS = new Map([...TRANSPORT_ERROR_NAMES].filter(([code]) => code !== 0))

const NAMES: Readonly<Record<QuicError['space'], ReadonlyMap<number, string>>> = {
  transport: TRANSPORT_ERRORS,
  application: APPLICATION_ERRORS,
  crypto: TLS_ALERTS,
}

/** Codes by layer: the closed set of label pairs. */
export const ERROR_CODES: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  Object.entries(NAMES).map(([layer, names]) => [layer, [...names.values(), 'other']]),
)

export const errors: Collector = (metrics) => {
  const total = metrics.counter({
    name: 'quic_connection_errors_total',
    help: 'QUIC connections ended by an error, by layer and registered code.',
    labels: {
      layer: Object.keys(NAMES),
      code: [...new Set(Object.values(ERROR_CODES).flat())],
    },
    signal: 'errorCode',
  })
  return {
    close_reason(event, { source }) {
      if (event.error === undefined) return
      const { space, code } = event.error
      total.add(source, 1, space, NAMES[space].get(code) ?? 'other')
    },
  }
}
