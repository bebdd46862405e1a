/** Whether there is room for what is probed: series on the page, and turns at once. */

import { PROBE_BUCKETS } from '../collectors/backend-probes.ts'
import type { MetricStore } from '../metrics/store.ts'
import { type BackendSpec, possibleFailures, possiblePhases } from './backend-spec.ts'

const HISTOGRAM_LINES = PROBE_BUCKETS.length + 3
const UP_PROBES_AND_TRANSITIONS = 4
const ROUND_UP = 1000

/** Samples on the page that a backend has once it was seen up, with a certificate if it shows one. */
export function seriesOf(spec: BackendSpec): number {
  const failures = possibleFailures(spec.target)
  const phases = possiblePhases(spec.target)
  const certificate = phases.includes('tls') ? 1 : 0
  return UP_PROBES_AND_TRANSITIONS + failures.length + HISTOGRAM_LINES + phases.length + certificate
}

/** What to do if not all series of backends find room. */
export function roomProblem(specs: readonly BackendSpec[], store: MetricStore): string | undefined {
  const { maxSeries } = store
  const needed = specs.reduce((sum, spec) => sum + seriesOf(spec), store.seriesBeside('backend'))
  if (needed <= maxSeries) return undefined
  const enough = Math.ceil(needed / ROUND_UP) * ROUND_UP
  return `${specs.length} backends need about ${needed} series and metrics.max_series is ${maxSeries}: set ${enough} at least, or only whether each is up is told for all`
}

/** What to do if backends that never answer would keep others waiting. */
export function turnsProblem(
  specs: readonly BackendSpec[],
  maxConcurrent: number,
): string | undefined {
  const most = Math.ceil(
    specs.reduce((sum, { intervalMs, timeoutMs }) => sum + timeoutMs / intervalMs, 0),
  )
  if (most <= maxConcurrent) return undefined
  return `${specs.length} backends that never answer take ${most} turns at once and probes.max_concurrent is ${maxConcurrent}: others would wait`
}
