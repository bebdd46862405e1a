/**
 * quiche, in two generations that only their events tell apart: with `cf_lost_*` (0.26 and later) it
 * tells how much it declared lost; before, nothing at all about loss. It never writes `packet_lost`.
 */
import type { Capabilities } from '../capabilities.ts'
import { MOST_LOST } from '../decoding/bounds.ts'
import { isObject } from '../decoding/fields.ts'
import type { Dialect, Reader, Scan } from '../dialect.ts'
import type { DialectRules } from '../rules.ts'
import { METRIC_SLOTS, scanMetrics } from '../scanning/metrics.ts'
import { congestionState, congestionStateScan, packetReader, packetScan } from './standard.ts'
import { FRAMES, PACKETS } from './standard-capabilities.ts'
import {
  connectionClosed,
  connectionClosedScan,
  keyUpdated,
  mtuReader,
  parameters,
  parametersScan,
  responseReader,
} from './standard-connection.ts'
import { INITIAL_RTT_US, metricsPlan, metricsReader } from './standard-metrics.ts'

const options = { pacingRateUnit: 'bytes' } as const
const metrics = metricsReader(options)

/** `sibling`: who writes loss counters under this event name, where the header does not tell it. */
const metricsAndLoss =
  (sibling?: () => Dialect): Reader =>
  (data, reading) => {
    const { at, fields } = reading
    // The initial guess opens every path: only what changed is written, path by path.
    if (data.smoothed_rtt === INITIAL_RTT_US / 1000) reading.emit({ type: 'path_reset', at })
    if (!metrics(data, reading)) return false
    if (sibling === undefined && 'pacing_rate' in data) reading.become(quichePaced)
    if (isObject(data.cf_lost_packets)) {
      if (sibling !== undefined) reading.become(sibling())
      // `total` starts again on every path: only the differences add up. `cf_lost_bytes` stays 0 in what
      // quiche 0.29 writes while packets are lost: it is not read.
      const count = fields.count(data.cf_lost_packets, 'delta', MOST_LOST) ?? 0
      if (count > 0) reading.emit({ type: 'packets_lost', at, count, trigger: 'unknown' })
    }
    return true
  }

const BEFORE_LOSS: Capabilities = {
  connection: true,
  ...PACKETS,
  ...FRAMES,
  version: true,
  rtt: true,
  congestionWindow: true,
  bytesInFlight: true,
  congestionStates: [
    'slow_start',
    'congestion_avoidance',
    'recovery',
    'bbr_startup',
    'bbr_drain',
    'bbr_probe_bw_up',
    'bbr_probe_bw_down',
    'bbr_probe_bw_cruise',
    'bbr_probe_bw_refill',
    'bbr_probe_rtt',
  ],
  pathMtu: true,
  keyUpdates: ['remote'],
  http3: true,
  closeTriggers: ['idle_timeout', 'handshake_timeout'],
}

const LOSS: Capabilities = { loss: ['unknown'], lossRatio: true }

/** Path frames carry no data. */
const rules: DialectRules = {
  handshake: 'handshake_done_frame',
  close: 'close_event_or_frame',
  migration: 'path_challenge_order',
}

const readers: ReadonlyMap<string, Reader> = new Map(
  [
    ['packet_sent', packetReader('sent')],
    ['packet_received', packetReader('received')],
    ['parameters_set', parameters],
    ['metrics_updated', metricsAndLoss(() => quiche026)],
    ['recovery_metrics_updated', metricsAndLoss()],
    ['congestion_state_updated', congestionState],
    ['connection_closed', connectionClosed],
    ['key_updated', keyUpdated],
    ['mtu_updated', mtuReader('new')],
    ['frame_created', responseReader('headers')],
  ].flatMap(([name, reader]) =>
    namespaces(name as string).map((space) => [`${space}:${name}`, reader as Reader] as const),
  ),
)

/** The same, in place, for the event name of today. */
const metricsAndLossScan: Scan = (cursor) => {
  const found = scanMetrics(cursor)
  if (found === undefined) return undefined
  const plan = metricsPlan(found, options)
  const { smoothedRtt, lostDelta, pacingRate } = METRIC_SLOTS
  return (values, ids, reading) => {
    const { at } = reading
    if (found.has[smoothedRtt] && values[smoothedRtt] === INITIAL_RTT_US / 1000) {
      reading.emit({ type: 'path_reset', at })
    }
    if (!plan(values, ids, reading)) return false
    if (found.has[pacingRate]) reading.become(quichePaced)
    if (!found.lostPackets) return true
    const count = found.has[lostDelta] ? (values[lostDelta] ?? 0) : 0
    if (count > MOST_LOST) return false
    if (count > 0) reading.emit({ type: 'packets_lost', at, count, trigger: 'unknown' })
    return true
  }
}

const scans: ReadonlyMap<string, Scan> = new Map([
  ['quic:packet_sent', packetScan('sent')],
  ['quic:packet_received', packetScan('received')],
  ['quic:recovery_metrics_updated', metricsAndLossScan],
  ['quic:parameters_set', parametersScan],
  ['quic:congestion_state_updated', congestionStateScan],
  ['quic:connection_closed', connectionClosedScan],
])

const unread: ReadonlySet<string> = new Set([
  'quic:stream_data_moved',
  'quic:datagrams_sent',
  'quic:datagrams_received',
  'transport:data_moved',
  'transport:datagrams_sent',
  'transport:datagrams_received',
  'http:frame_parsed',
  'http3:frame_parsed',
  'http:stream_type_set',
  'http3:stream_type_set',
])

/** In which namespaces 0.3 and the current draft write an event. */
function namespaces(name: string): readonly string[] {
  if (name === 'frame_created') return ['http', 'http3']
  if (name === 'metrics_updated' || name === 'congestion_state_updated') return ['recovery', 'quic']
  if (name === 'connection_closed' || name === 'mtu_updated') return ['connectivity', 'quic']
  if (name === 'key_updated') return ['security', 'quic']
  return ['transport', 'quic']
}

function isQuiche(header: {
  serializationFormat: string
  description: string
  hasTimeOffset: boolean
  hasCommonFields: boolean
  title: string
  producerName: string
}): boolean {
  const newer = header.serializationFormat === 'JSON-SEQ' && / id=/.test(header.description)
  const older = header.hasTimeOffset && !header.hasCommonFields
  return header.producerName === '' && (newer || older || header.title.includes('quiche'))
}

export const quiche: Dialect = {
  name: 'quiche',
  producers: 'quiche ≥ 0.26 (loss counters in its metrics)',
  advice: 'path MTU is logged at qlog level Extra only, a pacing rate with BBR2 only',
  wrote: (header) => isQuiche(header) && header.hasReferenceObject,
  capabilities: { ...BEFORE_LOSS, ...LOSS, pto: true },
  atMost: { ...BEFORE_LOSS, ...LOSS, pto: true, pacingRate: true },
  rules,
  readers,
  scans,
  unread,
}

/** With BBR2 it also tells its pacing rate: known once a record has one. */
const quichePaced: Dialect = {
  ...quiche,
  variant: 'paced',
  capabilities: { ...quiche.capabilities, pacingRate: true },
}

/** 0.26: loss counters under the old event names, no probe timeouts yet. */
const quiche026: Dialect = {
  ...quiche,
  variant: '0.26',
  capabilities: { ...BEFORE_LOSS, ...LOSS },
}

/** What a record makes of a quiche file. */
export const quicheVariants: readonly Dialect[] = [quichePaced, quiche026]

export const quicheLegacy: Dialect = {
  name: 'quiche-legacy',
  producers: 'quiche ≤ 0.25 (no loss information at all)',
  advice: 'upgrade quiche to ≥ 0.26 for loss, ≥ 0.27 for probe timeouts',
  wrote: (header) => isQuiche(header) && !header.hasReferenceObject,
  capabilities: BEFORE_LOSS,
  rules,
  readers,
  scans,
  unread,
}
