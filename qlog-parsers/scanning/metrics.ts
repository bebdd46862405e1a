/**
 * Recovery metrics read in place.
 *
 * Hot path: do not edit without `npm run bench`.
 */
import { type Cursor, END } from './cursor.ts'
import { keys } from './vocabulary.ts'

const KEYS = keys(
  'smoothed_rtt',
  'min_rtt',
  'latest_rtt',
  'rtt_variance',
  'pacing_rate',
  'pto_count',
  'congestion_window',
  'bytes_in_flight',
  'packets_in_flight',
  'cf_lost_packets',
  'ssthresh',
)
const PACING_RATE = 4
const BYTES_IN_FLIGHT = 7
const PACKETS_IN_FLIGHT = 8
const CF_LOST_PACKETS = 9

const LOST_KEYS = keys('delta')
const DELTA = 0

/** Slots of the values; 0 is the record's time. */
export const METRIC_SLOTS = {
  smoothedRtt: 1,
  minRtt: 2,
  latestRtt: 3,
  rttVariance: 4,
  pacingRate: 5,
  ptoCount: 6,
  congestionWindow: 7,
  bytesInFlight: 8,
  lostDelta: 9,
} as const
const FIRST_SLOT = METRIC_SLOTS.smoothedRtt

/** What was found in one record; the values lie in the cursor's slots. */
export interface FoundMetrics {
  /** By slot. */
  readonly has: readonly boolean[]
  readonly packetsInFlight: boolean
  /** Cloudflare's `cf_lost_packets` is there. */
  readonly lostPackets: boolean
  readonly fields: number
}

/** Reads the `data` of a metrics event at the cursor; undefined if the JSON path must decide. */
export function scanMetrics(cursor: Cursor): FoundMetrics | undefined {
  const has = new Array<boolean>(METRIC_SLOTS.lostDelta + 1).fill(false)
  let fields = 0
  let packetsInFlight = false
  let lostPackets = false
  for (let key = cursor.enter(KEYS); key !== END; key = cursor.next(KEYS)) {
    fields += 1
    if (key >= 0 && key <= BYTES_IN_FLIGHT) {
      const slot = FIRST_SLOT + key
      if (has[slot]) cursor.refuse()
      has[slot] = true
      if (key <= PACING_RATE) cursor.readNumber(slot)
      else cursor.readCount(slot)
    } else if (key === CF_LOST_PACKETS) {
      if (lostPackets) cursor.refuse()
      lostPackets = true
      scanLost(cursor, has)
    } else {
      if (key === PACKETS_IN_FLIGHT) packetsInFlight = true
      cursor.skip()
    }
  }
  return cursor.ok ? { has, packetsInFlight, lostPackets, fields } : undefined
}

function scanLost(cursor: Cursor, has: boolean[]): void {
  const slot = METRIC_SLOTS.lostDelta
  for (let key = cursor.enter(LOST_KEYS); key !== END; key = cursor.next(LOST_KEYS)) {
    if (key !== DELTA) cursor.skip()
    else {
      if (has[slot]) cursor.refuse()
      has[slot] = true
      cursor.readCount(slot)
    }
  }
}
