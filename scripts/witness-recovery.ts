// The witness's reading of recovery metrics: sampled histograms, time-outs and congestion states.

import type { Life } from './witness-life.ts'
import { type Rtt, rttAfter } from './witness-rtt.ts'
import type { EventData, Stream } from './witness-stream.ts'
import type { Tally } from './witness-tally.ts'

interface InForce {
  readonly rtt: Rtt
  readonly window: number | undefined
  readonly inFlight: number | undefined
  readonly pacing: number | undefined
}

const nothing: InForce = { rtt: {}, window: undefined, inFlight: undefined, pacing: undefined }

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

// One observation per whole second that holds a metrics record, with the values at its end.
function samples(stream: Stream, life: Life, tally: Tally): void {
  const seconds = new Map<number, EventData[]>()
  for (const { t, name, data } of stream.events.slice(0, life.lastIndex + 1)) {
    if (name !== 'metrics_updated') continue
    const second = Math.floor((t - life.start) / 1e6)
    seconds.set(second, [...(seconds.get(second) ?? []), data])
  }
  let now = nothing
  for (const records of seconds.values()) {
    // The bytes in flight that the second inherits were in flight in it, too.
    const inFlights = [now.inFlight]
    for (const data of records) {
      now = apply(stream, data, now)
      inFlights.push(now.inFlight)
    }
    const written = inFlights.filter((bytes) => bytes !== undefined)
    observeSecond(now, written.length > 0 ? Math.max(...written) : undefined, tally)
  }
  if (now.rtt.minimum !== undefined) tally.observe('quic_min_rtt_seconds', now.rtt.minimum)
}

function apply(stream: Stream, data: EventData, before: InForce): InForce {
  return {
    rtt: rttAfter(stream.writer, data, before.rtt),
    window: data.congestion_window ?? before.window,
    inFlight: inFlight(stream, data) ?? before.inFlight,
    // The drafts want bits, quiche's BBR writes bytes per second; no other writer gives it.
    pacing: data.pacing_rate ?? before.pacing,
  }
}

// quic-go from 0.56 on leaves zeros out, so a record about anything but pto_count means 0.
function inFlight({ writer }: Stream, data: EventData): number | undefined {
  if (data.bytes_in_flight !== undefined || writer !== 'quic-go') return data.bytes_in_flight
  const isPtoAlone = Object.keys(data).join() === 'pto_count'
  return data.packets_in_flight !== undefined || isPtoAlone ? undefined : 0
}

function observeSecond(now: InForce, mostInFlight: number | undefined, tally: Tally): void {
  const observe = (family: string, value: number | undefined) => {
    if (value !== undefined) tally.observe(family, value)
  }
  const { smoothed, variation, minimum } = now.rtt
  observe('quic_rtt_seconds', smoothed)
  observe('quic_rtt_variation_seconds', variation)
  observe('quic_congestion_window_bytes', now.window)
  observe('quic_in_flight_bytes', mostInFlight)
  observe('quic_pacing_rate_bytes_per_second', now.pacing)
  if (smoothed === undefined) return
  if (minimum !== undefined) {
    observe('quic_rtt_above_min_seconds', Math.max(0, smoothed - minimum))
  }
  if (smoothed === 0 || now.window === undefined) return
  // Rounded to whole bytes per second.
  const estimate = Math.round((now.window * 1e6) / smoothed)
  observe('quic_bandwidth_estimate_bytes_per_second', estimate)
}

// Every record of the stream is an event here, whether or not a metric reads it.
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
    // An entry is a change of the label, the first state included; the same again is none.
    const entered = stateOf(String(event.data.new ?? ''))
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
