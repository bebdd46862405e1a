/** qlog records as quic-go writes them, numbered, so that each can be counted and weighed. */

/** The header of the stream of one connection. */
export function header(group: string, wallClock: Date): string {
  return framed({
    file_schema: 'urn:ietf:params:qlog:file:sequential',
    serialization_format: 'application/qlog+json-seq',
    title: 'quic-go qlog',
    code_version: '(devel)',
    trace: {
      event_schemas: ['urn:ietf:params:qlog:events:quic-12'],
      vantage_point: { type: 'server' },
      common_fields: {
        group_id: group,
        reference_time: {
          clock_type: 'monotonic',
          epoch: 'unknown',
          wall_clock_time: wallClock.toISOString(),
        },
      },
    },
    qlog_format: 'JSON-SEQ',
    qlog_version: '0.3',
  })
}

/** The bytes of packet `number`: looks random, so that a wrong set of packets has a wrong sum. */
export function packetBytes(number: number): number {
  return 40 + ((Math.imul(number + 1, 0x9e3779b1) >>> 8) % 1400)
}

/** Packet `number`, received with the 1-RTT keys `timeMs` after the reference time. */
export function packetReceived(number: number, timeMs: number): string {
  const length = packetBytes(number)
  return framed({
    time: timeMs,
    name: 'transport:packet_received',
    data: {
      header: {
        packet_type: '1RTT',
        packet_number: number,
        dcil: 4,
        dcid: '2bb91112',
        key_phase_bit: '0',
      },
      raw: { length, payload_length: length - 20 },
      datagram_id: number,
      frames: [{ frame_type: 'ping' }],
    },
  })
}

/** The end of the connection, by the client and without an error. */
export function connectionClosed(timeMs: number): string {
  return framed({
    time: timeMs,
    name: 'transport:connection_closed',
    data: { initiator: 'remote', application_error: 'unknown', error_code: 256, reason: '' },
  })
}

function framed(record: object): string {
  return `\x1e${JSON.stringify(record)}\n`
}
