/** What Grafana puts in place of its variables before it asks Prometheus. */

/** The stretch of time that is looked at. */
export interface View {
  readonly fromMs: number
  readonly toMs: number
  readonly scrapeIntervalS: number
  /** Points that fit into the width of a panel; Grafana asks for no more. */
  readonly maxDataPoints: number
}

/** Seconds between two points: the range by the points, but no less than the scrape interval. */
export function stepSeconds({ fromMs, toMs, scrapeIntervalS, maxDataPoints }: View): number {
  return Math.max(scrapeIntervalS, Math.ceil((toMs - fromMs) / 1000 / maxDataPoints))
}

/** The expression as it is asked. `values`: what is chosen above the panels; several values, or `All`, are a pattern already. */
export function substitute(
  expr: string,
  view: View,
  values: Readonly<Record<string, string>>,
): string {
  const step = stepSeconds(view)
  const known: Readonly<Record<string, string>> = {
    __interval: `${step}s`,
    __range: `${Math.round((view.toMs - view.fromMs) / 1000)}s`,
    __rate_interval: `${Math.max(step + view.scrapeIntervalS, 4 * view.scrapeIntervalS)}s`,
    ...values,
  }
  return expr.replace(/\$\{?(\w+)\}?/g, (all, name: string) => {
    const value = known[name]
    if (value === undefined) throw new Error(`${all} is no variable: ${expr}`)
    return value
  })
}
