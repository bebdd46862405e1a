/** Events of the drafts and their best-known writers that say nothing which is counted. */

const CONNECTIVITY = `server_listening connection_started connection_new connection_attempt
  connection_id_updated connection_id_update spin_bit_updated path_assigned path_updated path_update
  tuple_assigned`
const TRANSPORT = `datagrams_sent datagrams_received datagrams_dropped datagram_sent datagram_received
  datagram_dropped udp_datagrams_sent udp_datagrams_received udp_datagrams_dropped packet_buffered
  packets_acked packet_ack stream_state_updated stream_state_update frames_processed frames_created
  frames_parsed data_moved stream_data_moved datagram_data_moved alpn_information
  parameters_restored spin_bit_updated connection_retried`
const RECOVERY = `parameters_set loss_timer_updated loss_timer_set loss_timer_expired loss_alarm_set
  loss_alarm_fired timer_updated packets_acked marked_for_retransmit`
const SECURITY = 'key_retired key_discarded'
const HTTP = `parameters_set parameters_restored stream_type_set frame_parsed priority_updated
  datagram_created datagram_parsed data_moved push_resolved capsule_created capsule_parsed`
const QPACK = `state_updated stream_state_updated dynamic_table_updated headers_encoded
  headers_decoded instruction_created instruction_parsed`
const MVFST = `transport_summary pacing_metric_update bandwidth_est_update app_limited_update
  pacing_observation priority_update l4s_weight_update network_path_model_update`
const TEXT = 'error warning info debug verbose message'

function names(spaces: string, events: string): string[] {
  const all = events.trim().split(/\s+/)
  return spaces.split(' ').flatMap((space) => all.map((event) => `${space}:${event}`))
}

/** Their full names: a closed set. */
export const unreadNames: ReadonlySet<string> = new Set([
  ...names('connectivity quic', CONNECTIVITY),
  ...names('transport quic', TRANSPORT),
  ...names('recovery', RECOVERY),
  'quic:recovery_parameters_set',
  ...names('quic', RECOVERY).filter((name) => name !== 'quic:parameters_set'),
  ...names('security quic', SECURITY),
  ...names('http h3 http3', HTTP),
  ...names('qpack', QPACK),
  ...names('mvfst', MVFST),
  ...names('loglevel generic info', TEXT),
])
