import type { CloseCause, ConnectionView, Frame, Happening, Packet, Shape } from '../happenings.ts'
import { goFloat, microseconds, nanoseconds } from './numbers.ts'

const REASON = 'flow control: got \\"name\\":\\"transport:packet_sent\\"'

/** quic-go 0.60 as Caddy 2.11 writes it, merged into one stream: `group_id` after `time`. */
export const quicGo: Shape = {
  header: `\x1e{"file_schema":"urn:ietf:params:qlog:file:sequential","serialization_format":"application/qlog+json-seq","title":"quic-go qlog","code_version":"(devel)","trace":{"event_schemas":["urn:ietf:params:qlog:events:quic-12","urn:ietf:params:qlog:events:http3-12"],"vantage_point":{"type":"server"},"common_fields":{"reference_time":{"clock_type":"monotonic","epoch":"unknown","wall_clock_time":"2026-11-22T18:26:29.514891645Z"}}},"qlog_format":"JSON-SEQ","qlog_version":"0.3"}\n`,
  record(time, connection, happening) {
    const event = eventOf(connection, happening)
    if (event === undefined) return undefined
    return `\x1e{"time":${goFloat(nanoseconds(time))},"group_id":"${connection.groupId}","name":"${event[0]}","data":${event[1]}}\n`
  },
}

function eventOf(
  connection: ConnectionView,
  happening: Happening,
): readonly [string, string] | undefined {
  switch (happening.type) {
    case 'packet':
      return [`transport:packet_${happening.direction}`, packet(connection, happening)]
    case 'recovery':
      return ['recovery:metrics_updated', metrics(connection)]
    case 'lost':
      return [
        'recovery:packet_lost',
        `{"header":{"packet_type":"1RTT","packet_number":${happening.number},"dcil":0},"trigger":"${happening.trigger}"}`,
      ]
    case 'spurious':
      return [
        'recovery:spurious_loss',
        `{"packet_number_space":"application_data","packet_number":${happening.number},"reordering_packets":${happening.reordering},"reordering_time":${goFloat(nanoseconds(connection.roundTrip * 0.9))}}`,
      ]
    case 'congestion':
      return ['recovery:congestion_state_updated', `{"new":"${happening.state}"}`]
    case 'timer':
      return [
        'recovery:loss_timer_updated',
        `{"event_type":"set","timer_type":"${happening.timer}","packet_number_space":"application_data","delta":${goFloat(nanoseconds(happening.delta))}}`,
      ]
    case 'request':
      return ['http3:frame_parsed', headersFrame(happening.stream, happening.fields)]
    case 'response':
      return ['http3:frame_created', headersFrame(happening.stream, happening.fields)]
    case 'started':
      return [
        'transport:connection_started',
        `{"local":{"ip_v4":"127.0.0.1","port_v4":8443},"remote":{"ip_v4":"198.51.100.7","port_v4":${connection.remotePort}}}`,
      ]
    case 'parameters':
      return ['transport:parameters_set', parameters(connection, happening.side)]
    case 'closed':
      return ['transport:connection_closed', closed(happening.cause)]
    case 'data_moved':
      return undefined
  }
}

function packet(connection: ConnectionView, event: Packet): string {
  const { direction, packetType, length } = event
  const sent = direction === 'sent'
  const long = packetType !== '1RTT'
  const source = sent ? `4,"scid":"${connection.localId}"` : `17,"scid":"${connection.remoteId}"`
  const target = sent ? `17,"dcid":"${connection.remoteId}"` : `4,"dcid":"${connection.localId}"`
  const version = long || sent ? ',"version":"1"' : ''
  const ids = long ? `${version},"scil":${source},"dcil":${target}` : `${version},"dcil":${target}`
  const phase = long ? '' : `,"key_phase_bit":"${connection.keyPhase}"`
  const payload = length - (long ? 31 : sent ? 20 : 6)
  const datagram = event.coalesced ? `,"datagram_id":${1_000_000_000 + event.number}` : ''
  const ecn = connection.ecn && !long ? ',"ecn":"ECT(0)"' : ''
  return `{"header":{"packet_type":"${packetType}","packet_number":${event.number}${ids}${phase}},"raw":{"length":${length},"payload_length":${payload}}${datagram},"frames":[${event.frames.map(frame).join(',')}]${ecn}}`
}

function frame(frame: Frame): string {
  switch (frame.type) {
    case 'crypto':
      return `{"frame_type":"crypto","offset":${frame.offset},"length":${frame.length}}`
    case 'stream':
      return `{"frame_type":"stream","stream_id":${frame.id},"offset":${frame.offset},"length":${frame.length}${frame.fin ? ',"fin":true' : ''}}`
    case 'ack': {
      const delay = frame.delay > 0 ? `"ack_delay":${goFloat(nanoseconds(frame.delay))},` : ''
      const marks = frame.ect0 === undefined ? '' : `,"ect0":${frame.ect0},"ect1":0,"ce":0`
      const ranges = frame.ranges.map(([from, to]) => (from === to ? `[${to}]` : `[${from},${to}]`))
      return `{"frame_type":"ack",${delay}"acked_ranges":[${ranges.join(',')}]${marks}}`
    }
    case 'max_data':
      return `{"frame_type":"max_data","maximum":${frame.maximum}}`
    case 'max_stream_data':
      return `{"frame_type":"max_stream_data","stream_id":${frame.id},"maximum":${frame.maximum}}`
    case 'new_connection_id':
      return `{"frame_type":"new_connection_id","sequence_number":${frame.sequence},"retire_prior_to":0,"length":${frame.connectionId.length / 2},"connection_id":"${frame.connectionId}","stateless_reset_token":"${frame.token}"}`
    case 'retire_connection_id':
      return `{"frame_type":"retire_connection_id","sequence_number":${frame.sequence}}`
    case 'new_token':
      return `{"frame_type":"new_token","token":{"data":"${frame.token}"}}`
    case 'path_challenge':
    case 'path_response':
      return `{"frame_type":"${frame.type}","data":"${frame.data}"}`
    case 'ping':
    case 'handshake_done':
      return `{"frame_type":"${frame.type}"}`
    case 'connection_close':
      return frame.code === 256
        ? '{"frame_type":"connection_close","error_space":"application","error_code":256,"raw_error_code":256,"reason":""}'
        : `{"frame_type":"connection_close","error_space":"transport","error_code":"protocol_violation","raw_error_code":${frame.code},"reason":"${REASON}"}`
  }
}

function metrics({ recovery }: ConnectionView): string {
  const fields: string[] = []
  if (recovery.minRttChanged) fields.push(`"min_rtt":${goFloat(nanoseconds(recovery.minRtt))}`)
  if (recovery.rttChanged) {
    fields.push(
      `"smoothed_rtt":${goFloat(microseconds(recovery.smoothedRtt))}`,
      `"latest_rtt":${goFloat(nanoseconds(recovery.latestRtt))}`,
      `"rtt_variance":${goFloat(microseconds(recovery.rttVariance))}`,
    )
  }
  if (recovery.windowChanged) fields.push(`"congestion_window":${recovery.window}`)
  if (recovery.bytesInFlight > 0) {
    fields.push(
      `"bytes_in_flight":${recovery.bytesInFlight}`,
      `"packets_in_flight":${recovery.packetsInFlight}`,
    )
  }
  return `{${fields.join(',')}}`
}

function headersFrame(stream: number, fields: readonly (readonly [string, string])[]): string {
  const list = fields.map(([name, value]) => `{"name":"${name}","value":${JSON.stringify(value)}}`)
  const length = 30 + 4 * fields.length
  return `{"stream_id":${stream},"raw":{"length":${length + 2},"payload_length":${length}},"frame":{"frame_type":"headers","header_fields":[${list.join(',')}]}}`
}

function parameters(connection: ConnectionView, side: 'local' | 'remote'): string {
  return side === 'local'
    ? `{"initiator":"local","initial_source_connection_id":"${connection.localId}","disable_active_migration":false,"max_idle_timeout":30000,"max_udp_payload_size":1452,"ack_delay_exponent":3,"max_ack_delay":26,"active_connection_id_limit":4,"initial_max_data":786432,"initial_max_stream_data_bidi_local":524288,"initial_max_stream_data_bidi_remote":524288,"initial_max_stream_data_uni":524288,"initial_max_streams_bidi":100,"initial_max_streams_uni":100}`
    : `{"initiator":"remote","initial_source_connection_id":"${connection.remoteId}","disable_active_migration":false,"max_idle_timeout":10000,"max_udp_payload_size":4611686018427387903,"ack_delay_exponent":3,"max_ack_delay":25,"active_connection_id_limit":7,"initial_max_data":25165824,"initial_max_stream_data_bidi_local":16777216,"initial_max_stream_data_uni":16777216,"initial_max_streams_uni":100}`
}

function closed(cause: CloseCause): string {
  switch (cause) {
    case 'remote_application':
      return '{"initiator":"remote","application_error":"unknown","error_code":256,"reason":""}'
    case 'local_transport':
      return `{"initiator":"local","connection_error":"protocol_violation","reason":"${REASON}"}`
    case 'idle_timeout':
      return '{"initiator":"local","trigger":"idle_timeout"}'
  }
}
