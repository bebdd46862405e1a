// Which series METRICS.md lists for each counter, written down a second time for the witness.
import { codesOf } from './witness-codes.ts'
import type { Writer } from './witness-stream.ts'

type Labels = Readonly<Record<string, readonly string[]>>

const words = (list: string) => list.split(/\s+/)
const times = words('idle_timeout handshake_timeout')
const isQuicGo = (writer: Writer) => writer.startsWith('quic-go')
const either = words('local remote')
const packetTypes = { packet_type: words('initial handshake 0rtt 1rtt unknown') }
const resets = { frame: words('reset_stream stop_sending') }
const blocked = { frame: words('data_blocked stream_data_blocked streams_blocked') }
const kinds = { kind: words('nat_rebinding active') }
const states = {
  state: words(`slow_start congestion_avoidance recovery application_limited idle other
    bbr_startup bbr_drain bbr_probe_bw_up bbr_probe_bw_down bbr_probe_bw_cruise bbr_probe_bw_refill
    bbr_probe_rtt`),
}

// Only what a writer can write is created.
const byWriter: Readonly<Record<string, (writer: Writer) => readonly Labels[]>> = {
  quic_connections_closed_total: (writer) => [
    {
      initiator: either,
      reason: words('no_error application_error transport_error crypto_error'),
    },
    { initiator: ['unknown'], reason: words('expired evicted unknown') },
    // ngtcp2 falls silent when a connection times out, so that is an expiry.
    ...(writer === 'ngtcp2' ? [] : [{ initiator: ['unknown'], reason: times }]),
    ...(isQuicGo(writer)
      ? [{ initiator: ['unknown'], reason: words('stateless_reset version_mismatch') }]
      : []),
  ],
  quic_packets_lost_total: (writer) => [
    {
      trigger:
        isQuicGo(writer) || writer === 'nginx-qlog'
          ? words('reordering_threshold time_threshold')
          : ['unknown'],
    },
  ],
  // Only quic-go's close event can name a version mismatch.
  quic_handshakes_failed_total: (writer) => [
    { reason: words('timeout crypto transport application other') },
    ...(isQuicGo(writer) ? [{ reason: ['version'] }] : []),
  ],
  quic_key_updates_total: (writer) => [{ initiator: isQuicGo(writer) ? either : ['remote'] }],
}

const always: Readonly<Record<string, readonly Labels[]>> = {
  quic_connection_errors_total: ['transport', 'application', 'crypto'].map((layer) => ({
    layer: [layer],
    code: codesOf(layer),
  })),
  quic_connection_versions_total: [{ version: words('v1 v2 draft29 other') }],
  quic_packets_sent_total: [packetTypes],
  quic_packets_received_total: [packetTypes],
  quic_connection_migrations_total: [kinds],
  quic_connection_migrations_failed_total: [kinds],
  quic_ecn_connections_total: [{ state: words('capable failed unknown') }],
  quic_streams_opened_total: [
    { initiator: either, stream_type: words('bidirectional unidirectional') },
  ],
  quic_stream_reset_frames_sent_total: [resets],
  quic_stream_reset_frames_received_total: [resets],
  quic_blocked_frames_sent_total: [blocked],
  quic_blocked_frames_received_total: [blocked],
  quic_http3_requests_total: [{ code: words('2xx 3xx 4xx 5xx other') }],
}

// METRICS.md lists these values for all writers together and leaves open which of them each has.
const open: Readonly<Record<string, readonly Labels[]>> = {
  quic_packets_dropped_total: [
    {
      reason: words(`key_unavailable decryption_failure connection_unknown unsupported_version
        invalid duplicate unexpected dos_prevention internal_error other`),
    },
  ],
  quic_congestion_state_seconds_total: [states],
  quic_congestion_state_transitions_total: [states],
}

/** Every series that a counter of this writer may have. */
export function allowedSeries(family: string, writer: Writer): string[] {
  const listed = byWriter[family]?.(writer) ?? always[family] ?? open[family] ?? [{}]
  return listed.flatMap((labels) => combinations(Object.entries(labels))).map(keyOf(family))
}

/** Every series that a counter of this writer must show, be it 0. */
export function requiredSeries(family: string, writer: Writer): string[] {
  return family in open ? [] : allowedSeries(family, writer)
}

function combinations(labels: readonly (readonly [string, readonly string[]])[]): string[][] {
  const [first, ...rest] = labels
  if (!first) return [[]]
  const [name, values] = first
  return values.flatMap((value) =>
    combinations(rest).map((others) => [`${name}="${value}"`, ...others]),
  )
}

function keyOf(family: string): (pairs: readonly string[]) => string {
  return (pairs) => (pairs.length > 0 ? `${family}{${[...pairs].sort().join(',')}}` : family)
}
