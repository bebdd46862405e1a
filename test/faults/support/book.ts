/** Names the packets of record `i` so that none can stand in for another: 1 … 60,000 bytes. */
export function lengthOf(i: number): number {
  let mixed = Math.imul(i ^ 0x9e3779b9, 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0xc2b2ae35)
  return (((mixed ^ (mixed >>> 13)) >>> 0) % 60_000) + 1
}

/** The header record of a quic-go trace (JSON-SEQ) of the server's side; the same for the same group. */
export function header(group: string): string {
  return `\x1e${JSON.stringify({
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
          wall_clock_time: '2026-01-01T00:00:00Z',
        },
      },
    },
  })}\n`
}

/** A 1-RTT packet received, as quic-go writes it; `more` are further fields of the record, as JSON. */
export function packet(i: number, more = ''): string {
  const time = (i / 100).toFixed(2)
  return (
    `\x1e{"time":${time},"name":"transport:packet_received"${more},"data":{"header":` +
    `{"packet_type":"1RTT","packet_number":${i},"dcil":4,"dcid":"71744623","key_phase_bit":"0"},` +
    `"raw":{"length":${lengthOf(i)},"payload_length":9},"frames":[{"frame_type":"ping"}]}}\n`
  )
}

/**
 * What was written, kept apart from whoever reads it: count and sum together tell exactly which
 * records were applied, and how often.
 */
export class Book {
  /** Records that must be applied once. */
  packets = 0
  /** Sum of the packets' lengths, in bytes. */
  payload = 0
  /** Bytes put into files that the exporter is meant to see, everything included. */
  written = 0
  #next = 0

  /** The next `count` records, entered as to be applied; `more` as for `packet`. */
  take(count: number, more = ''): string {
    this.#next += count
    return this.enter(this.#next - count, count, more)
  }

  /** Records of these numbers, entered as to be applied, be it once more. */
  enter(from: number, count: number, more = ''): string {
    let text = ''
    for (let i = from; i < from + count; i++) {
      this.payload += lengthOf(i)
      text += packet(i, more)
    }
    this.packets += count
    return text
  }
}
