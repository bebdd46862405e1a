/**
 * What dialects can tell and no recording under test/fixtures holds: tests of single rules show that it is
 * read, but not that a program really writes it so. Shorten it; docs/dialects.md says the same.
 */

/** Nobody in any recording was held up by flow control, gave a stream up or failed a handshake. */
const RARE = [
  'quic_blocked_frames_received_total',
  'quic_blocked_frames_sent_total',
  'quic_handshakes_failed_total',
  'quic_stream_reset_frames_received_total',
  'quic_stream_reset_frames_sent_total',
]

/** A client that stays where it is. */
const MOVES = [
  'quic_path_challenges_received_total',
  'quic_path_challenges_sent_total',
  'quic_path_responses_received_total',
  'quic_path_responses_sent_total',
  'quic_path_validation_duration_seconds',
  'quic_path_validations_abandoned_total',
  'quic_path_validations_failed_total',
  'quic_path_validations_total',
  'quic_connection_migrations_failed_total',
  'quic_connection_migrations_total',
]

export const UNSEEN: Readonly<Record<string, readonly string[]>> = {
  'quic-go': [...RARE, 'quic_packets_dropped_total', 'quic_zero_rtt_connections_total'],
  'quic-go-legacy': [
    ...RARE,
    ...MOVES,
    'quic_connections_vanished_total',
    'quic_packets_spuriously_lost_total',
    'quic_zero_rtt_connections_total',
  ],
  quiche: [...RARE, 'quic_zero_rtt_connections_total'],
  'quiche-legacy': [
    ...RARE,
    'quic_connection_errors_total',
    'quic_connection_migrations_failed_total',
    'quic_connections_vanished_total',
    'quic_key_updates_total',
    'quic_path_challenges_received_total',
    'quic_path_mtu_bytes',
    'quic_path_responses_sent_total',
    'quic_path_validations_abandoned_total',
    'quic_path_validations_failed_total',
    'quic_zero_rtt_connections_total',
  ],
  ngtcp2: [...RARE, 'quic_connection_errors_total', 'quic_zero_rtt_connections_total'],
  aioquic: [
    ...RARE,
    ...MOVES,
    'quic_connection_errors_total',
    'quic_connections_vanished_total',
    'quic_key_updates_total',
    'quic_mtu_probes_lost_total',
    'quic_packets_dropped_total',
    'quic_packets_spuriously_lost_total',
    'quic_zero_rtt_connections_total',
  ],
  'nginx-qlog': [
    ...RARE,
    'quic_connection_errors_total',
    'quic_connection_migrations_failed_total',
    'quic_packets_spuriously_lost_total',
    'quic_path_challenges_received_total',
    'quic_path_responses_sent_total',
    'quic_path_validations_abandoned_total',
    'quic_path_validations_failed_total',
    'quic_zero_rtt_connections_total',
  ],
  openssl: [
    ...RARE,
    'quic_connection_errors_total',
    'quic_connection_loss_ratio',
    'quic_path_challenges_sent_total',
    'quic_path_responses_received_total',
    'quic_zero_rtt_connections_total',
  ],
  generic: [
    ...RARE,
    'quic_connections_vanished_total',
    'quic_path_validation_duration_seconds',
    'quic_path_validations_abandoned_total',
  ],
  'nginx-error-log': [
    'quic_connection_errors_total',
    'quic_connection_loss_ratio',
    'quic_connections_vanished_total',
    'quic_retry_packets_sent_total',
    'quic_version_negotiation_packets_sent_total',
    'quic_zero_rtt_connections_total',
  ],
  'haproxy-stats': ['quic_connection_migrations_total', 'quic_handshakes_failed_total'],
}
