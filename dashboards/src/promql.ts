/** Pieces of PromQL. Every selector says whose series it wants; every rate is over Grafana's own interval. */

/** The sources of QUIC logs, the sources of request logs, and backends, as chosen above the panels. */
export const SOURCE = 'source=~"$source"'
export const LOG = 'source=~"$log"'
export const BACKEND = 'backend=~"$backend"'

const WHOSE = 'job=~"$job", instance=~"$instance"'
const INTERVAL = '$__rate_interval'

/** Series of a metric of the chosen exporters. */
export function series(metric: string, ...matchers: readonly string[]): string {
  return `${metric}{${[WHOSE, ...matchers].join(', ')}}`
}

/** Per second. */
export function rate(metric: string, ...matchers: readonly string[]): string {
  return `rate(${series(metric, ...matchers)}[${INTERVAL}])`
}

/** The same some time ago: `offset` is a duration or a variable. */
export function rateBefore(metric: string, offset: string, ...matchers: readonly string[]): string {
  return `rate(${series(metric, ...matchers)}[${INTERVAL}] offset ${offset})`
}

/** Per second over a fixed window: that of the steps in which a look back over days is made. */
export function rateOver(metric: string, window: string, ...matchers: readonly string[]): string {
  return `rate(${series(metric, ...matchers)}[${window}])`
}

/** `window`: a duration, with ` offset …` behind it for some time ago. */
export function increase(metric: string, window: string, ...matchers: readonly string[]): string {
  const [length, offset] = window.split(' offset ')
  const when = offset === undefined ? '' : ` offset ${offset}`
  return `increase(${series(metric, ...matchers)}[${length}]${when})`
}

export function sumBy(labels: string, expression: string): string {
  return labels === '' ? `sum(${expression})` : `sum by (${labels}) (${expression})`
}

/** A share; nothing, and not NaN, where there is nothing to divide by. */
export function share(part: string, whole: string): string {
  return `${part} / (${whole} > 0)`
}

/** Quantile of a histogram by some labels. */
export function quantile(
  q: number,
  histogram: string,
  by: string,
  ...matchers: readonly string[]
): string {
  const labels = by === '' ? 'le' : `le, ${by}`
  return `histogram_quantile(${q}, ${sumBy(labels, rate(`${histogram}_bucket`, ...matchers))})`
}

/** The same some time ago. */
export function quantileBefore(
  q: number,
  histogram: string,
  by: string,
  offset: string,
  ...matchers: readonly string[]
): string {
  const labels = by === '' ? 'le' : `le, ${by}`
  const buckets = rateBefore(`${histogram}_bucket`, offset, ...matchers)
  return `histogram_quantile(${q}, ${sumBy(labels, buckets)})`
}

/** Mean of a histogram by some labels. */
export function mean(histogram: string, by: string, ...matchers: readonly string[]): string {
  return share(
    sumBy(by, rate(`${histogram}_sum`, ...matchers)),
    sumBy(by, rate(`${histogram}_count`, ...matchers)),
  )
}

/**
 * Declared losses that were none are taken off. Where a producer cannot tell those, nothing is: without the
 * `or` there would be no series at all.
 */
export function netLossRatio(by: string, ...matchers: readonly string[]): string {
  const lost = sumBy(by, rate('quic_packets_lost_total', ...matchers))
  const spurious = sumBy(by, rate('quic_packets_spuriously_lost_total', ...matchers))
  const sent = sumBy(by, rate('quic_packets_sent_total', ...matchers))
  return `clamp_min(${lost} - (${spurious} or 0 * ${lost}), 0) / (${sent} > 0)`
}

/**
 * A series, of value 0, for each chosen source that cannot tell what some metrics need; as it is at the end
 * of the time range, for some writers show only after a while what they tell.
 */
export function notReported(signals: readonly string[], matcher: string, like?: string): string {
  const of = (names: string) =>
    `${series('quic_exporter_source_capability', matcher, `signal${names}`)} @ end()`
  const labels = signals.length > 1 ? 'source, signal' : 'source'
  const names = signals.length > 1 ? `=~"${signals.join('|')}"` : `="${signals[0]}"`
  const none = `max by (${labels}) (${of(names)}) == 0`
  if (like === undefined) return none
  // Of all sources, only those of this kind; and one for all if there are none of the kind.
  const kind = `max by (source) (${of(`="${like}"`)})`
  const nobody = `max(${of(`="${like}"`)}) == 0`
  return `(${none} and on (source) ${kind} == 1) or label_replace(${nobody}, "source", "every source", "", "")`
}
