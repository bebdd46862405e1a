// The witness's reading of what is a round-trip time and what is only a guess at one.
import type { EventData, Stream, Writer } from './witness-stream.ts'

/** Round-trip times in force, in microseconds; what was never measured is missing. */
export interface Rtt {
  readonly smoothed?: number | undefined
  readonly variation?: number | undefined
  /** Smallest minimum of all paths. */
  readonly minimum?: number | undefined
}

/** A metrics record of a path that has no measurement yet: the initial guess of 333 ms. */
export function isGuess(data: EventData): boolean {
  return data.smoothed_rtt === 333 && !((data.latest_rtt ?? 0) > 0)
}

/** What is in force after a metrics record. */
export function rttAfter(writer: Writer, data: EventData, before: Rtt): Rtt {
  // A path reset: all but the minimum is forgotten until it has been measured anew.
  if (isGuess(data)) return { minimum: before.minimum }
  // Writers of whole milliseconds mean "below one" by 0; the others mean "none yet".
  const measured = (ms: number | undefined) =>
    ms === undefined || (ms === 0 && !/^(ngtcp2|nginx-qlog)$/.test(writer))
      ? undefined
      : Math.round(ms * 1000)
  const minimum = measured(data.min_rtt)
  return {
    smoothed: measured(data.smoothed_rtt) ?? before.smoothed,
    variation: measured(data.rtt_variance) ?? before.variation,
    minimum: minimum === undefined ? before.minimum : Math.min(minimum, before.minimum ?? minimum),
  }
}

/** What is in force just before the event at `index`. */
export function rttBefore({ events, writer }: Stream, index: number): Rtt {
  return events
    .slice(0, index)
    .filter((event) => event.name === 'metrics_updated')
    .reduce((rtt: Rtt, event) => rttAfter(writer, event.data, rtt), {})
}

/**
 * Whether recovery began anew between two events: quiche starts a path with a record of guesses,
 * in ngtcp2's records min_rtt vanishes.
 */
export function hasReset(stream: Stream, after: number, before: number): boolean {
  let hadMinimum = false
  for (const [index, { name, data }] of stream.events.entries()) {
    if (index >= before) return false
    if (name !== 'metrics_updated') continue
    const isReset =
      stream.writer === 'ngtcp2' ? hadMinimum && data.min_rtt === undefined : isGuess(data)
    if (isReset && index > after) return true
    hadMinimum = data.min_rtt !== undefined
  }
  return false
}
