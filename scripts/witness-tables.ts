// What METRICS.md says about each family, written down a second time for the witness.
import type { Writer } from './witness-stream.ts'

const words = (list: string) => list.split(/\s+/).filter((word) => word !== '')
const named = (list: string) => words(list).map((name) => `quic_${name}`)

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

// Counters and gauges that every writer's log can feed.
const common = named(`connections_total connections_active connections_closed_total
  connections_vanished_total connection_errors_total handshakes_completed_total
  handshakes_failed_total zero_rtt_connections_total packets_sent_total packets_received_total
  sent_bytes_total received_bytes_total path_challenges_sent_total path_challenges_received_total
  path_responses_sent_total path_responses_received_total path_validations_total
  path_validations_failed_total path_validations_abandoned_total connection_migrations_total
  connection_migrations_failed_total streams_opened_total stream_reset_frames_sent_total
  stream_reset_frames_received_total blocked_frames_sent_total blocked_frames_received_total`)

// Histograms that every writer's log can feed.
const measured = named(`connection_duration_seconds handshake_duration_seconds rtt_seconds
  rtt_above_min_seconds min_rtt_seconds rtt_variation_seconds congestion_window_bytes
  in_flight_bytes bandwidth_estimate_bytes_per_second path_validation_duration_seconds`)

// No log of one connection tells these. quiche has a field for lost bytes but leaves it at 0.
const never = named(`lost_bytes_total retry_packets_sent_total
  version_negotiation_packets_sent_total stateless_reset_packets_sent_total`)

const quicGo = `packets_lost_total mtu_probes_lost_total packets_spuriously_lost_total
  connection_loss_ratio packets_dropped_total pto_total connection_versions_total
  congestion_state_seconds_total congestion_state_transitions_total path_mtu_bytes
  key_updates_total ecn_connections_total`
const quicheOld = `connection_versions_total congestion_state_seconds_total
  congestion_state_transitions_total key_updates_total http3_requests_total`
const quicheNew = `packets_lost_total connection_loss_ratio pto_total path_mtu_bytes`

const wholeMilliseconds = `packets_lost_total packets_spuriously_lost_total mtu_probes_lost_total
  connection_loss_ratio pto_total`

// Families that not every one of the writers can give.
const special: Readonly<Record<Writer, readonly string[]>> = {
  'quic-go': named(`${quicGo} http3_requests_total`),
  'quic-go-legacy': named(quicGo),
  quiche: named(`${quicheOld} ${quicheNew}`),
  'quiche-legacy': named(quicheOld),
  ngtcp2: named(wholeMilliseconds),
  'nginx-qlog': named(wholeMilliseconds),
}

// Families whose presence METRICS.md leaves open, or that depend on how the writer is set up.
const optional: Readonly<Record<Writer, readonly string[]>> = {
  'quic-go': [],
  'quic-go-legacy': [],
  // Only with BBR2 does quiche pace by a rate of its own.
  quiche: named('pacing_rate_bytes_per_second'),
  'quiche-legacy': named('path_mtu_bytes'),
  ngtcp2: [],
  'nginx-qlog': [],
}

/** What a writer's stream must, may and must not feed. */
export interface Families {
  readonly must: ReadonlySet<string>
  readonly may: ReadonlySet<string>
  readonly never: ReadonlySet<string>
}

/** The families of a writer; every family of a QUIC log is in one of the three. */
export function familiesOf(writer: Writer): Families {
  const must = new Set([...common, ...measured, ...special[writer]])
  const may = new Set([...optional[writer], ...named('zero_rtt_rejected_total')])
  const all = [...never, ...Object.values(special).flat()]
  const absent = all.filter((family) => !must.has(family) && !may.has(family))
  return { must, may, never: new Set(absent) }
}
