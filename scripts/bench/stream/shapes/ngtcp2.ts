import type { ConnectionView, Frame, Happening, Packet, Shape } from '../happenings.ts'

const INITIAL_RTT = 333

/** ngtcp2, merged into one stream: whole milliseconds, `frames` before `header`, `group_id` after `time`. */
export const ngtcp2: Shape = {
  header: `\x1e{"qlog_format":"JSON-SEQ","qlog_version":"0.3","trace":{"vantage_point":{"name":"ngtcp2","type":"server"},"common_fields":{"protocol_type":["QUIC"],"time_format":"relative","reference_time":0}}}\n`,
  record(time, connection, happening) {
    const event = eventOf(connection, happening)
    if (event === undefined) return undefined
    return `\x1e{"time":${Math.floor(time)},"group_id":"${connection.groupId}","name":"${event[0]}","data":${event[1]}}\n`
  },
}

function eventOf(
  connection: ConnectionView,
  happening: Happening,
): readonly [string, string] | undefined {
  switch (happening.type) {
    case 'packet':
      return [`transport:packet_${happening.direction}`, packet(happening)]
    case 'recovery':
      return ['recovery:metrics_updated', metrics(connection)]
    case 'lost':
      return [
        'recovery:packet_lost',
        `{"header":{"packet_type":"1RTT","packet_number":${happening.number}}}`,
      ]
    case 'parameters':
      return ['transport:parameters_set', parameters(connection, happening.side)]
    case 'closed':
    case 'congestion':
    case 'data_moved':
    case 'request':
    case 'response':
    case 'spurious':
    case 'started':
    case 'timer':
      return undefined
  }
}

function packet({ packetType, number, length, frames }: Packet): string {
  return `{"frames":[${frames.map(frame).join(',')}],"header":{"packet_type":"${packetType}","packet_number":${number}},"raw":{"length":${length}}}`
}

function frame(frame: Frame): string {
  switch (frame.type) {
    case 'crypto':
      return `{"frame_type":"crypto","offset":${frame.offset},"length":${frame.length}}`
    case 'stream':
      return `{"frame_type":"stream","stream_id":${frame.id},"offset":${frame.offset},"length":${frame.length}${frame.fin ? ',"fin":true' : ''}}`
    case 'ack': {
      const ranges = frame.ranges.map(([from, to]) => (from === to ? `[${to}]` : `[${from},${to}]`))
      return `{"frame_type":"ack","ack_delay":${Math.floor(frame.delay)},"acked_ranges":[${ranges.join(',')}]}`
    }
    case 'max_data':
      return `{"frame_type":"max_data","maximum":${frame.maximum}}`
    case 'max_stream_data':
      return `{"frame_type":"max_stream_data","stream_id":${frame.id},"maximum":${frame.maximum}}`
    case 'new_connection_id':
      return `{"frame_type":"new_connection_id","sequence_number":${frame.sequence},"retire_prior_to":0,"connection_id_length":${frame.connectionId.length / 2},"connection_id":"${frame.connectionId}","stateless_reset_token":{"data":"${frame.token}"}}`
    case 'retire_connection_id':
      return `{"frame_type":"retire_connection_id","sequence_number":${frame.sequence}}`
    case 'new_token':
      return `{"frame_type":"new_token","length":${frame.token.length / 2},"token":{"data":"${frame.token}"}}`
    case 'path_challenge':
    case 'path_response':
      return `{"frame_type":"${frame.type}","data":"${frame.data}"}`
    case 'ping':
    case 'handshake_done':
      return `{"frame_type":"${frame.type}"}`
    case 'connection_close':
      return `{"frame_type":"connection_close","error_space":"${frame.code === 256 ? 'application' : 'transport'}","error_code":${frame.code},"raw_error_code":${frame.code}}`
  }
}

function metrics({ recovery }: ConnectionView): string {
  const flight = `"pto_count":0,"congestion_window":${recovery.window},"bytes_in_flight":${recovery.bytesInFlight}`
  if (recovery.smoothedRtt === 0) {
    return `{"smoothed_rtt":${INITIAL_RTT},"latest_rtt":0,"rtt_variance":166,${flight}}`
  }
  const whole = Math.floor
  const threshold = recovery.threshold > 0 ? `,"ssthresh":${recovery.threshold}` : ''
  return `{"min_rtt":${whole(recovery.minRtt)},"smoothed_rtt":${whole(recovery.smoothedRtt)},"latest_rtt":${whole(recovery.latestRtt)},"rtt_variance":${whole(recovery.rttVariance)},${flight}${threshold}}`
}

function parameters(connection: ConnectionView, side: 'local' | 'remote'): string {
  return side === 'local'
    ? `{"owner":"local","initial_source_connection_id":"${connection.localId}","original_destination_connection_id":"${connection.groupId}","stateless_reset_token":{"data":"dd296bfa1a017db0f7b903c9c7092263"},"disable_active_migration":false,"max_idle_timeout":30000,"max_udp_payload_size":65527,"ack_delay_exponent":3,"max_ack_delay":25,"active_connection_id_limit":7,"initial_max_data":1048576,"initial_max_stream_data_bidi_local":0,"initial_max_stream_data_bidi_remote":262144,"initial_max_stream_data_uni":262144,"initial_max_streams_bidi":100,"initial_max_streams_uni":3,"max_datagram_frame_size":0,"grease_quic_bit":true}`
    : `{"owner":"remote","initial_source_connection_id":"${connection.remoteId}","disable_active_migration":false,"max_idle_timeout":10000,"max_udp_payload_size":65527,"ack_delay_exponent":3,"max_ack_delay":25,"active_connection_id_limit":7,"initial_max_data":25165824,"initial_max_stream_data_bidi_local":16777216,"initial_max_stream_data_bidi_remote":0,"initial_max_stream_data_uni":16777216,"initial_max_streams_bidi":0,"initial_max_streams_uni":100,"max_datagram_frame_size":0,"grease_quic_bit":true}`
}
