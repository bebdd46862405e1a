/**
 * What JSON.parse of every line costs by itself: blocks read one after the other, plain numbers as
 * counters, no stream, no library. Prints the page at the end.
 */
import { closeSync, openSync, readSync } from 'node:fs'
import { StringDecoder } from 'node:string_decoder'
import { RTT_SECONDS, WINDOW_BYTES } from './buckets.ts'
import { type QlogRecord, readRecordsInto, type Tally } from './tally.ts'

const BLOCK_BYTES = 64 * 1024

interface PlainHistogram {
  readonly bounds: readonly number[]
  readonly counts: number[]
  sum: number
}

function histogram(bounds: readonly number[]): PlainHistogram {
  return { bounds, counts: new Array(bounds.length + 1).fill(0), sum: 0 }
}

function observe(into: PlainHistogram, value: number): void {
  let bucket = 0
  while (bucket < into.bounds.length && value > (into.bounds[bucket] ?? 0)) bucket++
  into.counts[bucket] = (into.counts[bucket] ?? 0) + 1
  into.sum += value
}

function add(into: Map<string, number>, label: string, value: number): void {
  into.set(label, (into.get(label) ?? 0) + value)
}

const packets = { sent: new Map<string, number>(), received: new Map<string, number>() }
const bytes = { sent: 0, received: 0 }
const pathFrames = {
  sent: { challenge: 0, response: 0 },
  received: { challenge: 0, response: 0 },
}
const lost = new Map<string, number>()
const transitions = new Map<string, number>()
const connections = { started: 0, closed: 0 }
const events = new Map<string, number>()
let records = 0
const rtts = histogram(RTT_SECONDS)
const windows = histogram(WINDOW_BYTES)
const inFlights = histogram(WINDOW_BYTES)

const tally: Tally = {
  record(event) {
    records++
    if (event !== undefined) add(events, event, 1)
  },
  connectionStarted: () => void connections.started++,
  connectionClosed: () => void connections.closed++,
  packet(direction, type, length) {
    add(packets[direction], type, 1)
    bytes[direction] += length
  },
  pathFrame: (direction, kind) => void pathFrames[direction][kind]++,
  lost: (trigger, count) => add(lost, trigger, count),
  congestionState: (state) => add(transitions, state, 1),
  second(rtt, window, inFlight) {
    if (rtt !== undefined) observe(rtts, rtt / 1000)
    if (window !== undefined) observe(windows, window)
    observe(inFlights, inFlight)
  },
}

function readLines(path: string, onLine: (line: string) => void): void {
  const file = openSync(path, 'r')
  const block = Buffer.allocUnsafe(BLOCK_BYTES)
  const decoder = new StringDecoder('utf8')
  let rest = ''
  for (let read = readSync(file, block); read > 0; read = readSync(file, block)) {
    const text = rest + decoder.write(block.subarray(0, read))
    let from = 0
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', from)) {
      onLine(text.slice(text[from] === '\x1e' ? from + 1 : from, end))
      from = end + 1
    }
    rest = text.slice(from)
  }
  closeSync(file)
}

function labelled(name: string, label: string, values: Map<string, number>): string {
  return [...values].map(([key, value]) => `${name}{${label}="${key}"} ${value}\n`).join('')
}

function distribution(name: string, { bounds, counts, sum }: PlainHistogram): string {
  let total = 0
  const lines = counts.map((count, index) => {
    total += count
    return `${name}_bucket{le="${bounds[index] ?? '+Inf'}"} ${total}\n`
  })
  return `${lines.join('')}${name}_sum ${sum}\n${name}_count ${total}\n`
}

function lowerCase(values: Map<string, number>): Map<string, number> {
  return new Map([...values].map(([key, value]) => [key.toLowerCase(), value]))
}

const [, , path = ''] = process.argv
const reader = readRecordsInto(tally)
readLines(path, (line) => reader.record(JSON.parse(line) as QlogRecord))
reader.end()
process.stdout.write(
  [
    labelled('quic_packets_sent_total', 'packet_type', lowerCase(packets.sent)),
    labelled('quic_packets_received_total', 'packet_type', lowerCase(packets.received)),
    `quic_sent_bytes_total ${bytes.sent}\nquic_received_bytes_total ${bytes.received}\n`,
    `quic_path_challenges_sent_total ${pathFrames.sent.challenge}\n`,
    `quic_path_responses_sent_total ${pathFrames.sent.response}\n`,
    `quic_path_challenges_received_total ${pathFrames.received.challenge}\n`,
    `quic_path_responses_received_total ${pathFrames.received.response}\n`,
    labelled('quic_packets_lost_total', 'trigger', lost),
    labelled('quic_congestion_state_transitions_total', 'state', transitions),
    `quic_exporter_records_total ${records}\n`,
    labelled('quic_exporter_events_total', 'event', events),
    `quic_connections_total ${connections.started}\n`,
    `quic_connections_closed_total ${connections.closed}\n`,
    distribution('quic_rtt_seconds', rtts),
    distribution('quic_congestion_window_bytes', windows),
    distribution('quic_in_flight_bytes', inFlights),
  ].join(''),
)
