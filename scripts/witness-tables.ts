// What METRICS.md says about each family, written down a second time for the witness.
import type { Writer } from './witness-stream.ts'

const closeErrors = /^(no_error|application_error|transport_error|crypto_error)$/
const packetTypes = { packet_type: /^(initial|handshake|0rtt|1rtt|unknown)$/ }
const ccStates =
  /^(slow_start|congestion_avoidance|recovery|application_limited|idle|other|bbr_\w+)$/
const blocked = { frame: /^(data_blocked|stream_data_blocked|streams_blocked)$/ }
const resets = { frame: /^(reset_stream|stop_sending)$/ }
const kinds = { kind: /^(nat_rebinding|active|unknown)$/ }

/** The labels of every counter and gauge that a per-connection qlog can feed, as patterns. */
export const LABELS: Readonly<Record<string, Readonly<Record<string, RegExp>>>> = {
  quic_connections_total: {},
  quic_connections_active: {},
  quic_connections_silent: {},
  quic_connections_closed_total: { initiator: /^(local|remote|unknown)$/, reason: /^[a-z_]+$/ },
  quic_connections_vanished_total: {},
  quic_connection_errors_total: {
    code: /^[a-z0-9_]+$/,
    layer: /^(transport|application|crypto)$/,
  },
  quic_connection_versions_total: { version: /^(v1|v2|draft29|other)$/ },
  quic_handshakes_completed_total: {},
  quic_handshakes_failed_total: {
    reason: /^(timeout|crypto|transport|application|version|other)$/,
  },
  quic_zero_rtt_connections_total: {},
  quic_zero_rtt_rejected_total: {},
  quic_packets_sent_total: packetTypes,
  quic_packets_received_total: packetTypes,
  quic_sent_bytes_total: {},
  quic_received_bytes_total: {},
  quic_packets_lost_total: {
    trigger: /^(reordering_threshold|time_threshold|pto_expired|unknown)$/,
  },
  quic_mtu_probes_lost_total: {},
  quic_lost_bytes_total: {},
  quic_packets_spuriously_lost_total: {},
  quic_packets_dropped_total: {
    reason:
      /^(key_unavailable|decryption_failure|connection_unknown|unsupported_version|invalid|duplicate|unexpected|dos_prevention|internal_error|other)$/,
  },
  quic_pto_total: {},
  quic_congestion_state_seconds_total: { state: ccStates },
  quic_congestion_state_transitions_total: { state: ccStates },
  quic_path_challenges_sent_total: {},
  quic_path_challenges_received_total: {},
  quic_path_responses_sent_total: {},
  quic_path_responses_received_total: {},
  quic_path_validations_total: {},
  quic_path_validations_failed_total: {},
  quic_path_validations_abandoned_total: {},
  quic_connection_migrations_total: kinds,
  quic_connection_migrations_failed_total: kinds,
  quic_key_updates_total: { initiator: /^(local|remote)$/ },
  quic_ecn_connections_total: { state: /^(capable|failed|unknown)$/ },
  quic_streams_opened_total: {
    initiator: /^(local|remote)$/,
    stream_type: /^(bidirectional|unidirectional)$/,
  },
  quic_stream_reset_frames_sent_total: resets,
  quic_stream_reset_frames_received_total: resets,
  quic_blocked_frames_sent_total: blocked,
  quic_blocked_frames_received_total: blocked,
  quic_http3_requests_total: { code: /^([2345]xx|other)$/ },
}

const rtt = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5]
const window = Array.from({ length: 14 }, (_, i) => 2 ** (12 + i))
const rates = Array.from({ length: 9 }, (_, i) => 2 ** (13 + 2 * i))

/** The bucket bounds of every histogram, in base units. */
export const BUCKETS: Readonly<Record<string, readonly number[]>> = {
  quic_connection_duration_seconds: [
    0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600, 14400, 86400,
  ],
  quic_handshake_duration_seconds: [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
  ],
  quic_connection_loss_ratio: [
    0, 0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.15, 0.25, 0.5,
  ],
  quic_rtt_seconds: rtt,
  quic_rtt_above_min_seconds: rtt,
  quic_min_rtt_seconds: rtt,
  quic_rtt_variation_seconds: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
  quic_congestion_window_bytes: window,
  quic_in_flight_bytes: window,
  quic_pacing_rate_bytes_per_second: rates,
  quic_bandwidth_estimate_bytes_per_second: rates,
  quic_path_validation_duration_seconds: [0.0025, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
  quic_path_mtu_bytes: [1200, 1280, 1350, 1400, 1452, 1472, 1500, 9000],
}

/** Durations and ratios are kept in millionths, all else in whole units. */
export function unitOf(family: string): number {
  return /_seconds|_ratio/.test(family) ? 1e6 : 1
}

const quicGo = `packets_lost_total mtu_probes_lost_total packets_spuriously_lost_total
  connection_loss_ratio packets_dropped_total pto_total connection_versions_total
  congestion_state_seconds_total congestion_state_transitions_total path_mtu_bytes
  key_updates_total ecn_connections_total`
const quicheOld = `connection_versions_total congestion_state_seconds_total
  congestion_state_transitions_total key_updates_total http3_requests_total`

// Families that not every one of the writers can give.
const special: Readonly<Record<Writer, string>> = {
  'quic-go': `${quicGo} http3_requests_total`,
  'quic-go-legacy': quicGo,
  quiche: `${quicheOld} packets_lost_total connection_loss_ratio pto_total`,
  'quiche-legacy': quicheOld,
  ngtcp2: 'packets_lost_total packets_spuriously_lost_total connection_loss_ratio pto_total',
}

// Families that a writer gives only when it is built or set up so; their absence is no fault.
const optional: Readonly<Record<Writer, string>> = {
  'quic-go': '',
  'quic-go-legacy': '',
  // quiche 0.29.3 counts lost packets but leaves its lost bytes at 0.
  quiche: 'lost_bytes_total pacing_rate_bytes_per_second path_mtu_bytes',
  'quiche-legacy': 'path_mtu_bytes',
  ngtcp2: 'mtu_probes_lost_total',
}

const words = (list: string) => list.split(/\s+/).filter((word) => word !== '')

/** What a writer's stream must and may feed; any other `quic_` family would be a lie. */
export function familiesOf(writer: Writer): { must: Set<string>; may: Set<string> } {
  const conditional = new Set(Object.values(special).concat(Object.values(optional)).flatMap(words))
  const elective = 'connections_silent zero_rtt_rejected_total'
  const may = new Set(words(`${optional[writer]} ${elective}`).map((name) => `quic_${name}`))
  const own = new Set(words(special[writer]))
  const must = new Set(
    [...Object.keys(LABELS), ...Object.keys(BUCKETS)].filter((family) => {
      const name = family.slice('quic_'.length)
      return !may.has(family) && (!conditional.has(name) || own.has(name))
    }),
  )
  return { must, may }
}

/** Whether a label set is one that METRICS.md lists for the family. */
export function allows(family: string, labels: Readonly<Record<string, string>>): boolean {
  const patterns = LABELS[family]
  if (!patterns || Object.keys(labels).length !== Object.keys(patterns).length) return false
  if (family === 'quic_connections_closed_total') {
    const { reason = '', initiator } = labels
    return closeErrors.test(reason) || initiator === 'unknown'
  }
  return Object.entries(patterns).every(([name, pattern]) => pattern.test(labels[name] ?? ''))
}
