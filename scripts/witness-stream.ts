// Reads one complete qlog file for the witness: every line at once, plain JSON.parse, no streaming.

/** A QUIC frame as a producer wrote it. */
export interface Frame {
  readonly frame_type: string
  readonly stream_id?: number
  readonly data?: string
  readonly acked_ranges?: readonly (readonly number[])[]
  readonly error_space?: string
  readonly error_code?: number | string
  readonly raw_error_code?: number
  readonly headers?: readonly Field[]
  readonly header_fields?: readonly Field[]
}

interface Field {
  readonly name: string
  readonly value: string
}

/** The members of event data that the witness looks at; all of them may be missing. */
export interface EventData {
  readonly header?: {
    readonly packet_type?: string
    readonly packet_number?: number
    readonly dcid?: string
    readonly version?: string
  }
  readonly raw?: { readonly length?: number }
  readonly frames?: readonly Frame[]
  readonly frame?: Frame
  readonly trigger?: string
  /** A state, an id, or in quiche a path MTU. */
  readonly new?: string | number
  readonly state?: string
  readonly mtu?: number
  readonly key_type?: string
  readonly key_phase?: number
  readonly chosen_version?: string
  readonly owner?: string
  readonly initiator?: string
  readonly max_idle_timeout?: number
  readonly max_ack_delay?: number
  readonly connection_code?: number | string
  readonly application_code?: number | string
  readonly connection_error?: string
  readonly application_error?: string
  readonly error_code?: number
  readonly packet_number_space?: string
  readonly packet_number?: number
  readonly min_rtt?: number
  readonly smoothed_rtt?: number
  readonly latest_rtt?: number
  readonly rtt_variance?: number
  readonly pto_count?: number
  readonly congestion_window?: number
  readonly bytes_in_flight?: number
  readonly packets_in_flight?: number
  readonly pacing_rate?: number
  readonly cf_lost_packets?: { readonly delta: number }
}

/** One event: `t` in integer microseconds, never going back; `name` without its namespace. */
export interface QlogEvent {
  readonly t: number
  readonly name: string
  readonly data: EventData
}

/** Which writer, as far as it changes what the fields mean. */
export type Writer =
  | 'quic-go'
  | 'quic-go-legacy'
  | 'quiche'
  | 'quiche-legacy'
  | 'ngtcp2'
  | 'nginx-qlog'

/** One connection's file, read whole. */
export interface Stream {
  readonly writer: Writer
  readonly events: readonly QlogEvent[]
}

interface Header {
  readonly title?: string
  readonly file_schema?: string
  readonly trace?: { readonly vantage_point?: { readonly name?: string } }
}

const recordSeparator = String.fromCharCode(0x1e)

/** Parses a whole qlog file (JSON-SEQ or NDJSON); records that are no JSON are left out. */
export function readStream(text: string): Stream {
  const records = text
    .replaceAll(recordSeparator, '\n')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .flatMap(parse)
  const events: QlogEvent[] = []
  // Every record moves the clock of its connection, whether or not a metric reads it.
  let clock = 0
  for (const record of records.slice(1) as readonly RawEvent[]) {
    clock = Math.max(clock, Math.round(record.time * 1000))
    const name = record.name.slice(record.name.indexOf(':') + 1).replace(/^recovery_/, '')
    events.push({ t: clock, name, data: record.data })
  }
  return { writer: writerOf(records[0] as Header, events), events }
}

interface RawEvent {
  readonly time: number
  readonly name: string
  readonly data: EventData
}

function parse(line: string): unknown[] {
  try {
    return [JSON.parse(line)]
  } catch {
    return []
  }
}

function writerOf(header: Header, events: readonly QlogEvent[]): Writer {
  const name = header.trace?.vantage_point?.name
  if (name === 'ngtcp2') return 'ngtcp2'
  if (name === 'nginx') return 'nginx-qlog'
  if (header.title?.startsWith('quic-go')) return header.file_schema ? 'quic-go' : 'quic-go-legacy'
  return events.some((event) => event.data.cf_lost_packets) ? 'quiche' : 'quiche-legacy'
}

/** Frames of packet events; an empty list for all others. */
export function framesOf(event: QlogEvent): readonly Frame[] {
  const isPacket = event.name === 'packet_sent' || event.name === 'packet_received'
  return isPacket ? (event.data.frames ?? []) : []
}

/** The path MTU that an event sets, in bytes; undefined for all other events. */
export function mtuIn({ name, data }: QlogEvent): number | undefined {
  const written = name === 'mtu_updated' ? (data.mtu ?? data.new) : undefined
  return typeof written === 'number' ? written : undefined
}

/** Packet number space of a packet type or of a space's own name. */
export function spaceOf(type: string | undefined): string {
  const written = type?.toLowerCase() ?? ''
  return /^(initial|handshake)$/.test(written) ? written : 'application_data'
}
