/**
 * The program that most teams would write: a file stream, the ndjson package, and the Prometheus
 * client called for each event as its documentation shows. Prints the page at the end.
 */
import { createReadStream } from 'node:fs'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import ndjson from 'ndjson'
import { Counter, Histogram, Registry } from 'prom-client'
import { RTT_SECONDS, WINDOW_BYTES } from './buckets.ts'
import { type QlogRecord, readRecordsInto, type Tally } from './tally.ts'

const RECORD_SEPARATOR = 0x1e
const SPACE = 0x20

const registry = new Registry()
const registers = [registry]

/** Every series has this label, as on the exporter's page. */
const source = 'qlog'

function counter<L extends string>(
  name: string,
  help: string,
  ...labels: L[]
): Counter<L | 'source'> {
  return new Counter({ name, help, labelNames: ['source', ...labels], registers })
}

const records = counter('quic_exporter_records_total', 'Records.')
const events = counter('quic_exporter_events_total', 'Events by name.', 'event')

const packets = {
  sent: counter('quic_packets_sent_total', 'QUIC packets sent.', 'packet_type'),
  received: counter('quic_packets_received_total', 'QUIC packets received.', 'packet_type'),
}
const bytes = {
  sent: counter('quic_sent_bytes_total', 'Bytes of QUIC packets sent.'),
  received: counter('quic_received_bytes_total', 'Bytes of QUIC packets received.'),
}
const pathFrames = {
  sent: {
    challenge: counter('quic_path_challenges_sent_total', 'PATH_CHALLENGE frames sent.'),
    response: counter('quic_path_responses_sent_total', 'PATH_RESPONSE frames sent.'),
  },
  received: {
    challenge: counter('quic_path_challenges_received_total', 'PATH_CHALLENGE frames received.'),
    response: counter('quic_path_responses_received_total', 'PATH_RESPONSE frames received.'),
  },
}
const lost = counter('quic_packets_lost_total', 'QUIC packets declared lost.', 'trigger')
const transitions = counter(
  'quic_congestion_state_transitions_total',
  'Entries into a congestion state.',
  'state',
)
const started = counter('quic_connections_total', 'Connections started.')
const closed = counter('quic_connections_closed_total', 'Connections closed.')

function histogram(name: string, help: string, buckets: number[]): Histogram<'source'> {
  return new Histogram({ name, help, buckets, labelNames: ['source'], registers })
}

const rtts = histogram('quic_rtt_seconds', 'Smoothed RTT.', RTT_SECONDS)
const windows = histogram('quic_congestion_window_bytes', 'Congestion window.', WINDOW_BYTES)
const inFlights = histogram('quic_in_flight_bytes', 'Bytes in flight.', WINDOW_BYTES)

const tally: Tally = {
  record(event) {
    records.inc({ source })
    if (event !== undefined) events.inc({ source, event })
  },
  connectionStarted: () => started.inc({ source }),
  connectionClosed: () => closed.inc({ source }),
  packet(direction, type, length) {
    packets[direction].inc({ source, packet_type: type.toLowerCase() })
    bytes[direction].inc({ source }, length)
  },
  pathFrame: (direction, kind) => pathFrames[direction][kind].inc({ source }),
  lost: (trigger, count) => lost.inc({ source, trigger }, count),
  congestionState: (state) => transitions.inc({ source, state }),
  second(rtt, window, inFlight) {
    if (rtt !== undefined) rtts.observe({ source }, rtt / 1000)
    if (window !== undefined) windows.observe({ source }, window)
    inFlights.observe({ source }, inFlight)
  },
}

/** JSON ignores a space before a value, but not a record separator. */
function blankRecordSeparators(): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      let at = chunk.indexOf(RECORD_SEPARATOR)
      while (at !== -1) {
        chunk[at] = SPACE
        at = chunk.indexOf(RECORD_SEPARATOR, at + 1)
      }
      done(null, chunk)
    },
  })
}

const [, , path = ''] = process.argv
const reader = readRecordsInto(tally)
const parser = ndjson.parse()
parser.on('data', (record: QlogRecord) => reader.record(record))
await pipeline(createReadStream(path), blankRecordSeparators(), parser)
reader.end()
process.stdout.write(await registry.metrics())
