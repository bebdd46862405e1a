import type { CloseCause, ConnectionView, Frame, Happening, Packet, Shape } from '../happenings.ts'
import { microseconds, nanoseconds, rustFloat, rustFloat32 } from './numbers.ts'

const NO_THRESHOLD = '18446744073709551615'
const INITIAL_RTT = 333

/** quiche 0.29, merged into one stream: `group_id` after `data`, only changed figures, no loss events. */
export const quiche: Shape = {
  header: `\x1e{"file_schema":"urn:ietf:params:qlog:file:sequential","serialization_format":"JSON-SEQ","title":"quiche-server qlog","description":"quiche-server qlog","trace":{"title":"quiche-server qlog","description":"quiche-server qlog","common_fields":{"reference_time":{"clock_type":"monotonic","epoch":"unknown","wall_clock_time":"2026-11-22T18:27:08.962075951Z"}},"vantage_point":{"type":"server"},"event_schemas":["urn:ietf:params:qlog:events:quic-12","urn:ietf:params:qlog:events:http3-12"]}}\n`,
  record(time, connection, happening) {
    const event = eventOf(time, connection, happening)
    if (event === undefined) return undefined
    return `\x1e{"time":${rustFloat(microseconds(time))},"name":"${event[0]}","data":${event[1]},"group_id":"${connection.groupId}"}\n`
  },
}

function eventOf(
  time: number,
  connection: ConnectionView,
  happening: Happening,
): readonly [string, string] | undefined {
  switch (happening.type) {
    case 'packet':
      return [`quic:packet_${happening.direction}`, packet(time, connection, happening)]
    case 'recovery':
      return ['quic:recovery_metrics_updated', metrics(connection)]
    case 'congestion':
      return ['quic:congestion_state_updated', `{"new":"${happening.state}"}`]
    case 'data_moved':
      return [
        'quic:stream_data_moved',
        `{"stream_id":${happening.stream},"offset":${happening.offset},"from":"transport","to":"dropped","raw":{"length":${happening.length}}}`,
      ]
    case 'request':
      return ['http3:frame_parsed', headersFrame(happening.stream, happening.fields)]
    case 'response':
      return ['http3:frame_created', headersFrame(happening.stream, happening.fields)]
    case 'parameters':
      return ['quic:parameters_set', parameters(happening.side)]
    case 'closed':
      return ['quic:connection_closed', closed(happening.cause)]
    case 'lost':
    case 'spurious':
    case 'started':
    case 'timer':
      return undefined
  }
}

function packet(time: number, connection: ConnectionView, event: Packet): string {
  const { direction, packetType, length, frames } = event
  const sent = direction === 'sent'
  const long = packetType !== '1RTT'
  const ids = sent
    ? `"scil":4,"dcil":17,"scid":"${connection.localId}","dcid":"${connection.remoteId}"`
    : `"scil":17,"dcil":4,"scid":"${connection.remoteId}","dcid":"${connection.localId}"`
  const header = long ? `,"version":"1",${ids}` : ''
  const payload = length - (long ? 47 : sent ? 35 : 21)
  const sendTime = sent ? `,"send_at_time":${rustFloat(nanoseconds(time))}` : ''
  return `{"header":{"packet_type":"${packetType}","packet_number":${event.number}${header}},"raw":{"length":${length},"payload_length":${payload}}${sendTime},"frames":[${frames.map(frame).join(',')}]}`
}

function frame(frame: Frame): string {
  switch (frame.type) {
    case 'crypto':
      return `{"frame_type":"crypto","offset":${frame.offset},"raw":{"payload_length":${frame.length}}}`
    case 'stream':
      return `{"frame_type":"stream","stream_id":${frame.id},"offset":${frame.offset}${frame.fin ? ',"fin":true' : ''},"raw":{"payload_length":${frame.length}}}`
    case 'ack': {
      const ranges = frame.ranges.map(([from, to]) => (from === to ? `[${to}]` : `[${from},${to}]`))
      return `{"frame_type":"ack","ack_delay":${rustFloat32(frame.delay)},"acked_ranges":[${ranges.join(',')}]}`
    }
    case 'max_data':
      return `{"frame_type":"max_data","maximum":${frame.maximum}}`
    case 'max_stream_data':
      return `{"frame_type":"max_stream_data","stream_id":${frame.id},"maximum":${frame.maximum}}`
    case 'new_connection_id':
      return `{"frame_type":"new_connection_id","sequence_number":${frame.sequence},"retire_prior_to":0,"connection_id_length":${frame.connectionId.length / 2},"connection_id":"${frame.connectionId}","stateless_reset_token":"${frame.token}"}`
    case 'retire_connection_id':
      return `{"frame_type":"retire_connection_id","sequence_number":${frame.sequence}}`
    case 'new_token':
      return `{"frame_type":"new_token","token":{"type":"retry","raw":{"data":"${frame.token}"}}}`
    case 'path_challenge':
    case 'path_response':
    case 'ping':
    case 'handshake_done':
      return `{"frame_type":"${frame.type}"}`
    case 'connection_close':
      return `{"frame_type":"connection_close","error_space":"${frame.code === 256 ? 'application' : 'transport'}","error":"unknown","error_code":${frame.code},"reason":""}`
  }
}

function metrics({ recovery }: ConnectionView): string {
  const fields: string[] = []
  if (recovery.first) {
    return `{"cf_lost_bytes":{"total":0,"delta":0},"cf_lost_packets":{"total":0,"delta":0},"min_rtt":${INITIAL_RTT}.0,"smoothed_rtt":${INITIAL_RTT}.0,"rtt_variance":166.5,"pto_count":0,"congestion_window":${recovery.window},"bytes_in_flight":${recovery.bytesInFlight},"ssthresh":${NO_THRESHOLD}}`
  }
  if (recovery.newlyLostPackets > 0) {
    fields.push(
      `"cf_lost_bytes":{"total":${recovery.lostBytes},"delta":${recovery.newlyLostBytes}}`,
      `"cf_lost_packets":{"total":${recovery.lostPackets},"delta":${recovery.newlyLostPackets}}`,
    )
  }
  if (recovery.minRttChanged) fields.push(`"min_rtt":${rustFloat32(recovery.minRtt)}`)
  if (recovery.rttChanged) {
    fields.push(
      `"smoothed_rtt":${rustFloat32(recovery.smoothedRtt)}`,
      `"latest_rtt":${rustFloat32(recovery.latestRtt)}`,
      `"rtt_variance":${rustFloat32(recovery.rttVariance)}`,
    )
  }
  if (recovery.windowChanged) fields.push(`"congestion_window":${recovery.window}`)
  fields.push(`"bytes_in_flight":${recovery.bytesInFlight}`)
  return `{${fields.join(',')}}`
}

function headersFrame(stream: number, fields: readonly (readonly [string, string])[]): string {
  const list = fields.map(([name, value]) => `{"name":"${name}","value":${JSON.stringify(value)}}`)
  return `{"stream_id":${stream},"length":${30 + 4 * fields.length},"frame":{"frame_type":"headers","headers":[${list.join(',')}]}}`
}

function parameters(side: 'local' | 'remote'): string {
  return side === 'local'
    ? '{"initiator":"local","disable_active_migration":false,"max_idle_timeout":30000,"max_udp_payload_size":1350,"ack_delay_exponent":3,"max_ack_delay":25,"active_connection_id_limit":8,"initial_max_data":10000000,"initial_max_stream_data_bidi_local":1000000,"initial_max_stream_data_bidi_remote":1000000,"initial_max_stream_data_uni":1000000,"initial_max_streams_bidi":100,"initial_max_streams_uni":100,"unknown_parameters":[]}'
    : '{"initiator":"remote","tls_cipher":"AES128_GCM","disable_active_migration":false,"max_idle_timeout":10000,"max_udp_payload_size":65527,"ack_delay_exponent":3,"max_ack_delay":25,"active_connection_id_limit":7,"initial_max_data":25165824,"initial_max_stream_data_bidi_local":16777216,"initial_max_stream_data_bidi_remote":0,"initial_max_stream_data_uni":16777216,"initial_max_streams_bidi":0,"initial_max_streams_uni":100,"unknown_parameters":[]}'
}

function closed(cause: CloseCause): string {
  switch (cause) {
    case 'remote_application':
      return '{"initiator":"remote","application_error":"unknown","error_code":256,"reason":""}'
    case 'local_transport':
      return '{"initiator":"local","connection_error":"unknown","error_code":10,"reason":"","trigger":"error"}'
    case 'idle_timeout':
      return '{}'
  }
}
