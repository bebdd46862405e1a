/** Recovery as any draft or reference implementation writes it. */
import { asNumber, type JsonObject } from '../decoding/fields.ts'
import type { ShowingReader } from './generic-packets.ts'
import { SHOWS, type Shown } from './generic-shown.ts'
import { congestionState } from './standard.ts'
import { metricsReader } from './standard-metrics.ts'

const standardMetrics = metricsReader({})

/** The initial guess of RFC 9002 §6.2.2 in ms, s and µs, as the writer's first record has it. */
const GUESSES = [333, 0.333, 333_000]

/**
 * `metrics_updated` and all its names. A first smoothed RTT of exactly 0.333 is the initial guess in
 * seconds (quinn before May 2026): all round-trip times of that file are.
 */
export const metrics: ShowingReader = (data, reading, before) => {
  const smoothed = asNumber(data.smoothed_rtt)
  const seconds = (before & SHOWS.rtt) === 0 && smoothed === 0.333 ? SHOWS.seconds : 0
  const inSeconds = ((before | seconds) & SHOWS.seconds) !== 0
  const rtt = (key: string) => {
    const value = data[key]
    return value === undefined || !inSeconds ? value : asNumber(value) * 1000
  }
  const latest = rtt('latest_rtt')
  // quinn writes its guess as the latest sample too.
  const isGuess = GUESSES.includes(smoothed) && asNumber(data.latest_rtt) === smoothed
  const written: JsonObject = {
    smoothed_rtt: rtt('smoothed_rtt'),
    min_rtt: rtt('min_rtt'),
    latest_rtt: isGuess ? undefined : latest,
    rtt_variance: rtt('rtt_variance'),
    pto_count: data.pto_count,
    congestion_window: data.congestion_window ?? data.cwnd,
    bytes_in_flight: data.bytes_in_flight,
    pacing_rate: data.pacing_rate,
  }
  standardMetrics(written, reading)
  return seconds | shownBy(written)
}

function shownBy(written: JsonObject): Shown {
  const rtt = written.smoothed_rtt ?? written.min_rtt ?? written.latest_rtt
  return (
    (rtt === undefined ? 0 : SHOWS.rtt) |
    (written.congestion_window === undefined ? 0 : SHOWS.window) |
    (written.bytes_in_flight === undefined ? 0 : SHOWS.in_flight) |
    (written.pacing_rate === undefined ? 0 : SHOWS.pacing) |
    (written.pto_count === undefined ? 0 : SHOWS.pto)
  )
}

/** `congestion_state_updated`; picoquic's states are numbers of its own, others write what happened alone. */
export const congestionStates: ShowingReader = (data, reading) => {
  const written = data.new
  if (written === undefined || written === '') return 0
  const text = String(written).toLowerCase().replaceAll(' ', '_')
  congestionState({ new: text }, reading)
  return /^\d+$/.test(text) ? SHOWS.congestion_codes : SHOWS.congestion_states
}
