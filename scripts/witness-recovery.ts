// The witness's reading of recovery metrics: sampled histograms, time-outs and congestion states.
import { type EventData, isGuess, type Life, type Stream } from './witness-stream.ts'
import type { Tally } from './witness-tally.ts'

interface InForce {
  smoothed?: number
  variation?: number
  minimum?: number
  window?: number
  inFlight?: number
  pacing?: number
  mostInFlight?: number
}

/** Everything that recovery events say about one connection. */
export function recovery(stream: Stream, life: Life, tally: Tally): void {
  samples(stream, life, tally)
  states(stream, life, tally)
  let previous = 0
  for (const { name, data } of stream.events) {
    if (name !== 'metrics_updated' || data.pto_count === undefined) continue
    tally.add('quic_pto_total', {}, Math.max(0, data.pto_count - previous))
    previous = data.pto_count
  }
}

/** Bytes in flight when the connection ended, undefined if never written. */
export function inFlightAtEnd(stream: Stream, life: Life): number | undefined {
  let bytes: number | undefined
  for (const { name, data } of stream.events.slice(0, life.lastIndex + 1)) {
    if (name === 'metrics_updated') bytes = inFlight(stream, data) ?? bytes
  }
  return bytes
}

// One observation per whole second that holds a metrics record, with the values at its last one.
function samples(stream: Stream, life: Life, tally: Tally): void {
  const records = stream.events
    .slice(0, life.lastIndex + 1)
    .filter((event) => event.name === 'metrics_updated')
  const secondOf = (t: number) => Math.floor((t - life.start) / 1e6)
  const now: InForce = {}
  records.forEach((record, index) => {
    const second = secondOf(record.t)
    const isFirst = index === 0 || secondOf(records[index - 1]?.t ?? 0) < second
    const isLast = index === records.length - 1 || secondOf(records[index + 1]?.t ?? 0) > second
    if (isFirst) delete now.mostInFlight
    apply(stream, record.data, now)
    if (isLast) observeSecond(now, tally)
  })
  if (now.minimum !== undefined) tally.observe('quic_min_rtt_seconds', now.minimum)
}

function apply(stream: Stream, data: EventData, now: InForce): void {
  // A record of guesses changes nothing: what was measured before stays in force.
  // Writers of whole milliseconds mean "below one" by 0; the others mean "none yet".
  const measured = (ms: number | undefined) =>
    ms === undefined || isGuess(data) || (ms === 0 && stream.writer !== 'ngtcp2')
      ? undefined
      : Math.round(ms * 1000)
  now.smoothed = measured(data.smoothed_rtt) ?? now.smoothed ?? Number.NaN
  now.variation = measured(data.rtt_variance) ?? now.variation ?? Number.NaN
  const minimum = measured(data.min_rtt)
  if (minimum !== undefined) now.minimum = Math.min(minimum, now.minimum ?? minimum)
  now.window = data.congestion_window ?? now.window ?? Number.NaN
  now.pacing = data.pacing_rate ?? now.pacing ?? Number.NaN
  now.inFlight = inFlight(stream, data) ?? now.inFlight ?? Number.NaN
  // The maximum is over what the second's own records say, not over what it inherits.
  const most = now.mostInFlight ?? Number.NaN
  now.mostInFlight = most > now.inFlight ? most : now.inFlight
}

// quic-go from 0.56 on leaves zeros out, so a record about anything but pto_count means 0.
function inFlight({ writer }: Stream, data: EventData): number | undefined {
  if (data.bytes_in_flight !== undefined || writer !== 'quic-go') return data.bytes_in_flight
  const isPtoAlone = Object.keys(data).join() === 'pto_count'
  return data.packets_in_flight !== undefined || isPtoAlone ? undefined : 0
}

function observeSecond(now: InForce, tally: Tally): void {
  const observe = (family: string, value: number | undefined) => {
    if (value !== undefined && !Number.isNaN(value)) tally.observe(family, value)
  }
  const { smoothed = Number.NaN, minimum = Number.NaN, window = Number.NaN } = now
  observe('quic_rtt_seconds', smoothed)
  observe('quic_rtt_above_min_seconds', Math.max(0, smoothed - minimum))
  observe('quic_rtt_variation_seconds', now.variation)
  observe('quic_congestion_window_bytes', window)
  observe('quic_in_flight_bytes', now.mostInFlight)
  observe('quic_pacing_rate_bytes_per_second', now.pacing)
  // Rounded to whole bytes per second.
  if (!(smoothed > 0)) return
  observe('quic_bandwidth_estimate_bytes_per_second', Math.round((window * 1e6) / smoothed))
}

// Every record of the stream is an event here, whether or not a metric needs it.
function states({ events }: Stream, life: Life, tally: Tally): void {
  let state: string | undefined
  for (const [index, event] of events.entries()) {
    const previous = events[index - 1]
    if (index > life.lastIndex) return
    if (state !== undefined && previous) {
      const gap = event.t - previous.t
      tally.add('quic_congestion_state_seconds_total', { state }, Math.min(gap, 1e6))
      const idle = Math.max(0, gap - 1e6)
      tally.add('quic_congestion_state_seconds_total', { state: 'idle' }, idle)
    }
    if (event.name !== 'congestion_state_updated') continue
    // An entry is a change of label: the same state written again is none.
    const entered = stateOf(event.data.new ?? '')
    if (entered !== state) tally.add('quic_congestion_state_transitions_total', { state: entered })
    state = entered
  }
}

function stateOf(written: string): string {
  if (written === 'conservative_slow_start') return 'slow_start'
  const known =
    /^(slow_start|congestion_avoidance|recovery|application_limited|bbr_startup|bbr_drain|bbr_probe_bw_(up|down|cruise|refill)|bbr_probe_rtt)$/
  return known.test(written) ? written : 'other'
}
