/** Readers of recovery metrics, with the knobs in which writers differ. */
import { MOST_PTO_COUNT, MOST_RATE, MOST_RTT_US, MOST_WINDOW_BYTES } from '../decoding/bounds.ts'
import type { Plan, Reader, Reading, Scan } from '../dialect.ts'
import { type FoundMetrics, METRIC_SLOTS as SLOT, scanMetrics } from '../scanning/metrics.ts'

/** In what writers of recovery metrics differ. */
export interface MetricsOptions {
  /** RTTs are whole milliseconds: 0 means "below one". Elsewhere a 0 is no measurement. */
  readonly wholeMilliseconds?: boolean
  /** Fields that are 0 are left out, `bytes_in_flight` among them. */
  readonly omitsZero?: boolean
  /** Unit of `pacing_rate`: the drafts say bits per second. */
  readonly pacingRateUnit?: 'bytes' | 'bits'
}

/** RFC 9002 §6.2.2. */
export const INITIAL_RTT_US = 333_000

/** What a record says, units ours, quirks not yet applied. */
interface Written {
  readonly smoothed: number | undefined
  readonly min: number | undefined
  readonly latest: number | undefined
  readonly variation: number | undefined
  readonly ptoCount: number | undefined
  readonly congestionWindow: number | undefined
  readonly bytesInFlight: number | undefined
  /** As written: bits or bytes per second. */
  readonly pacingRate: number | undefined
  readonly saysInFlight: boolean
  readonly fields: number
}

/** `metrics_updated` / `recovery_metrics_updated`. */
export function metricsReader(options: MetricsOptions): Reader {
  return (data, reading) => {
    const { fields } = reading
    emit(
      {
        smoothed: fields.milliseconds(data, 'smoothed_rtt', MOST_RTT_US),
        min: fields.milliseconds(data, 'min_rtt', MOST_RTT_US),
        latest: fields.milliseconds(data, 'latest_rtt', MOST_RTT_US),
        variation: fields.milliseconds(data, 'rtt_variance', MOST_RTT_US),
        ptoCount: fields.count(data, 'pto_count', MOST_PTO_COUNT),
        congestionWindow: fields.count(data, 'congestion_window', MOST_WINDOW_BYTES),
        bytesInFlight: fields.count(data, 'bytes_in_flight', MOST_WINDOW_BYTES),
        pacingRate: fields.amount(data, 'pacing_rate', MOST_RATE),
        saysInFlight: 'bytes_in_flight' in data || 'packets_in_flight' in data,
        fields: Object.keys(data).length,
      },
      options,
      reading,
    )
    return true
  }
}

/** The same, read in place. `cf_lost_packets` is left to a writer of its own. */
export function metricsScan(options: MetricsOptions): Scan {
  return (cursor) => {
    const found = scanMetrics(cursor)
    return found === undefined ? undefined : metricsPlan(found, options)
  }
}

/** What to make of scanned metrics. */
export function metricsPlan(
  { has, packetsInFlight, fields }: FoundMetrics,
  options: MetricsOptions,
): Plan {
  const saysInFlight = packetsInFlight || has[SLOT.bytesInFlight] === true
  return (values, _ids, reading) => {
    const read = (slot: number) => (has[slot] ? values[slot] : undefined)
    const smoothed = microseconds(read(SLOT.smoothedRtt))
    const min = microseconds(read(SLOT.minRtt))
    const latest = microseconds(read(SLOT.latestRtt))
    const variation = microseconds(read(SLOT.rttVariance))
    const ptoCount = read(SLOT.ptoCount)
    const congestionWindow = read(SLOT.congestionWindow)
    const bytesInFlight = read(SLOT.bytesInFlight)
    const rate = rounded(read(SLOT.pacingRate))
    if (
      !(Math.max(smoothed ?? 0, min ?? 0, latest ?? 0, variation ?? 0) <= MOST_RTT_US) ||
      !(Math.max(congestionWindow ?? 0, bytesInFlight ?? 0) <= MOST_WINDOW_BYTES) ||
      !((ptoCount ?? 0) <= MOST_PTO_COUNT && (rate ?? 0) <= MOST_RATE)
    ) {
      return false
    }
    emit(
      {
        smoothed,
        min,
        latest,
        variation,
        ptoCount,
        congestionWindow,
        bytesInFlight,
        pacingRate: rate,
        saysInFlight,
        fields,
      },
      options,
      reading,
    )
    return true
  }
}

function emit(written: Written, options: MetricsOptions, reading: Reading): void {
  const { wholeMilliseconds = false, omitsZero = false, pacingRateUnit = 'bits' } = options
  const rtt = (us: number | undefined) => (us === 0 && !wholeMilliseconds ? undefined : us)
  const nothingInFlight =
    omitsZero &&
    !written.saysInFlight &&
    // A record with `pto_count` alone says nothing about it.
    (written.fields > 1 || (written.fields === 1 && written.ptoCount === undefined))
  const rate = written.pacingRate
  reading.emit({
    type: 'recovery_metrics',
    at: reading.at,
    initialGuess: written.smoothed === INITIAL_RTT_US && !((written.latest ?? 0) > 0),
    smoothedRttUs: rtt(written.smoothed),
    minRttUs: rtt(written.min),
    rttVariationUs: rtt(written.variation),
    ptoCount: written.ptoCount,
    congestionWindow: written.congestionWindow,
    bytesInFlight: written.bytesInFlight ?? (nothingInFlight ? 0 : undefined),
    pacingRate: rate === undefined || pacingRateUnit === 'bytes' ? rate : Math.round(rate / 8),
  })
}

function rounded(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Math.round(value)
}

function microseconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.round(ms * 1000)
}
