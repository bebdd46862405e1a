/**
 * How the baselines understand a record. They share this and nothing else: they differ in how they
 * read and in how they count, which is what the benchmark compares.
 */

/** What a baseline counts. Sizes in bytes, round trips in milliseconds. */
export interface Tally {
  /** Each record; `event` is its name without namespace, undefined for the header. */
  record(event: string | undefined): void
  connectionStarted(): void
  connectionClosed(): void
  packet(direction: 'sent' | 'received', packetType: string, bytes: number): void
  pathFrame(direction: 'sent' | 'received', kind: 'challenge' | 'response'): void
  lost(trigger: string, packets: number): void
  congestionState(state: string): void
  /** Once for each second of a connection in which it wrote figures. */
  second(rtt: number | undefined, window: number | undefined, inFlight: number): void
}

/** The part of a parsed qlog record that the baselines look at. */
export interface QlogRecord {
  readonly time: number
  readonly name?: string
  readonly group_id: string
  readonly data: {
    readonly header?: { readonly packet_type: string }
    readonly raw?: { readonly length: number }
    readonly frames?: readonly { readonly frame_type: string }[]
    readonly trigger?: string
    readonly new?: string
    readonly smoothed_rtt?: number
    readonly congestion_window?: number
    readonly bytes_in_flight?: number
    readonly cf_lost_packets?: { readonly delta: number }
  }
}

interface Connection {
  readonly startedAt: number
  closed: boolean
  second: number
  measured: boolean
  rtt: number | undefined
  window: number | undefined
  inFlight: number
}

/** A reader of records that keeps what it must know of each connection. */
export interface RecordReader {
  record(record: QlogRecord): void
  /** Settles the connections that are still open at the end of the stream. */
  end(): void
}

/** Counts each record of a merged stream into a tally. */
export function readRecordsInto(tally: Tally): RecordReader {
  const connections = new Map<string, Connection>()

  const settleSecond = (connection: Connection) => {
    if (!connection.measured) return
    tally.second(connection.rtt, connection.window, connection.inFlight)
    connection.measured = false
    connection.inFlight = 0
  }

  const close = (connection: Connection) => {
    if (connection.closed) return
    connection.closed = true
    settleSecond(connection)
    tally.connectionClosed()
  }

  const packet = (
    connection: Connection,
    direction: 'sent' | 'received',
    data: QlogRecord['data'],
  ) => {
    tally.packet(direction, data.header?.packet_type ?? 'unknown', data.raw?.length ?? 0)
    for (const frame of data.frames ?? []) {
      if (frame.frame_type === 'path_challenge') tally.pathFrame(direction, 'challenge')
      else if (frame.frame_type === 'path_response') tally.pathFrame(direction, 'response')
      else if (frame.frame_type === 'connection_close') close(connection)
    }
  }

  const metrics = (connection: Connection, data: QlogRecord['data']) => {
    connection.measured = true
    connection.rtt = data.smoothed_rtt ?? connection.rtt
    connection.window = data.congestion_window ?? connection.window
    connection.inFlight = Math.max(connection.inFlight, data.bytes_in_flight ?? 0)
    const lost = data.cf_lost_packets?.delta
    if (lost !== undefined && lost > 0) tally.lost('unknown', lost)
  }

  return {
    record(record) {
      tally.record(eventOf(record.name))
      if (record.name === undefined) return
      let connection = connections.get(record.group_id)
      if (connection === undefined) {
        connection = {
          startedAt: record.time,
          closed: false,
          second: 0,
          measured: false,
          rtt: undefined,
          window: undefined,
          inFlight: 0,
        }
        connections.set(record.group_id, connection)
        tally.connectionStarted()
      }
      const second = Math.floor((record.time - connection.startedAt) / 1000)
      if (second !== connection.second) {
        settleSecond(connection)
        connection.second = second
      }
      switch (record.name) {
        case 'transport:packet_sent':
        case 'quic:packet_sent':
          return packet(connection, 'sent', record.data)
        case 'transport:packet_received':
        case 'quic:packet_received':
          return packet(connection, 'received', record.data)
        case 'recovery:metrics_updated':
        case 'quic:recovery_metrics_updated':
          return metrics(connection, record.data)
        case 'recovery:packet_lost':
          return tally.lost(record.data.trigger ?? 'unknown', 1)
        case 'recovery:congestion_state_updated':
        case 'quic:congestion_state_updated':
          return tally.congestionState(record.data.new ?? 'unknown')
        case 'transport:connection_closed':
        case 'quic:connection_closed':
          return close(connection)
      }
    },
    end() {
      for (const connection of connections.values()) settleSecond(connection)
    },
  }
}

/** Both spellings of the metrics event are one. */
function eventOf(name: string | undefined): string | undefined {
  return name?.slice(name.indexOf(':') + 1).replace('recovery_metrics_', 'metrics_')
}
