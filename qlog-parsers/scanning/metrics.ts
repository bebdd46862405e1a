/** Recovery metrics read in place. */
import { type Cursor, literal } from './cursor.ts'

/** Fields that are read; the rest is skipped. NaN: absent. */
export interface ScannedMetrics {
  smoothedRtt: number
  minRtt: number
  latestRtt: number
  rttVariance: number
  ptoCount: number
  congestionWindow: number
  bytesInFlight: number
  pacingRate: number
  packetsInFlight: boolean
  fields: number
}

type NumberField = Exclude<keyof ScannedMetrics, 'packetsInFlight' | 'fields'>

const FIELDS: readonly (readonly [Uint8Array, NumberField, whole: boolean])[] = [
  [literal('bytes_in_flight'), 'bytesInFlight', true],
  [literal('smoothed_rtt'), 'smoothedRtt', false],
  [literal('latest_rtt'), 'latestRtt', false],
  [literal('rtt_variance'), 'rttVariance', false],
  [literal('congestion_window'), 'congestionWindow', true],
  [literal('min_rtt'), 'minRtt', false],
  [literal('pto_count'), 'ptoCount', true],
  [literal('pacing_rate'), 'pacingRate', false],
]
const PACKETS_IN_FLIGHT = literal('packets_in_flight')
/** Cloudflare's own fields carry what only the JSON path reads. */
const CF = 0x63

const scan: ScannedMetrics = {
  smoothedRtt: Number.NaN,
  minRtt: Number.NaN,
  latestRtt: Number.NaN,
  rttVariance: Number.NaN,
  ptoCount: Number.NaN,
  congestionWindow: Number.NaN,
  bytesInFlight: Number.NaN,
  pacingRate: Number.NaN,
  packetsInFlight: false,
  fields: 0,
}

/** Reads the `data` of a metrics event at the cursor; undefined if the JSON path must decide. Reused. */
export function scanMetrics(cursor: Cursor): ScannedMetrics | undefined {
  reset()
  for (let more = cursor.enter(); more; more = cursor.next()) {
    scan.fields += 1
    scanField(cursor)
    if (!cursor.ok) return undefined
  }
  return cursor.ok ? scan : undefined
}

function scanField(cursor: Cursor): void {
  for (const [name, field, whole] of FIELDS) {
    if (!cursor.is(name)) continue
    if (!Number.isNaN(scan[field])) cursor.refuse()
    scan[field] = whole ? cursor.count() : cursor.number()
    return
  }
  if (cursor.is(PACKETS_IN_FLIGHT)) scan.packetsInFlight = true
  else if (cursor.bytes[cursor.from] === CF && cursor.bytes[cursor.from + 1] === 0x66) {
    cursor.refuse()
    return
  }
  cursor.skip()
}

function reset(): void {
  scan.smoothedRtt = Number.NaN
  scan.minRtt = Number.NaN
  scan.latestRtt = Number.NaN
  scan.rttVariance = Number.NaN
  scan.ptoCount = Number.NaN
  scan.congestionWindow = Number.NaN
  scan.bytesInFlight = Number.NaN
  scan.pacingRate = Number.NaN
  scan.packetsInFlight = false
  scan.fields = 0
}
