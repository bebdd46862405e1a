/** The row of D4 that compares now with some time ago. */
import { BEFORE } from './looks.ts'
import {
  increase,
  LOG,
  quantile,
  quantileBefore,
  rate,
  rateBefore,
  share,
  sumBy,
} from './promql.ts'
import { graph } from './shapes.ts'
import { table } from './table.ts'
import { THRESHOLDS } from './thresholds.ts'

const DURATION = 'quic_lb_request_duration_seconds'
const REQUESTS = 'quic_lb_requests_total'
const duration = { signals: [DURATION], of: LOG }
const requests = { signals: [REQUESTS], of: LOG }

const errorShare = (offset?: string) => {
  const of = (...matchers: readonly string[]) =>
    sumBy(
      '',
      offset === undefined
        ? rate(REQUESTS, LOG, ...matchers)
        : rateBefore(REQUESTS, offset, LOG, ...matchers),
    )
  return share(of('code="5xx"'), of())
}

export const beforeAndAfter = [
  graph({
    title: 'Time to answer, p95: now and $baseline before',
    about:
      'All protocols together, so that users who changed to HTTP/3 are in both lines. Dashed: the same hours before.',
    unit: 'seconds',
    looks: BEFORE,
    queries: [
      { expr: quantile(0.95, DURATION, '', LOG), legend: 'now' },
      { expr: quantileBefore(0.95, DURATION, '', '$baseline', LOG), legend: '$baseline before' },
    ],
    needs: duration,
  }),
  graph({
    title: 'Errors (5xx share): now and $baseline before',
    about: 'All protocols together. Dashed: the same hours before.',
    unit: 'share',
    threshold: THRESHOLDS.errorShare,
    looks: BEFORE,
    queries: [
      { expr: errorShare(), legend: 'now' },
      { expr: errorShare('$baseline'), legend: '$baseline before' },
    ],
    needs: requests,
  }),
  table({
    title: 'Mean time to answer and traffic, this time range and $baseline before',
    about: 'Means over the whole time range by protocol. Change: below 0 is faster, or less.',
    nothing: 'No request in this time range',
    labels: { protocol: 'Protocol' },
    columns: beforeAndAfterColumns(),
  }),
]

function beforeAndAfterColumns() {
  const total = (metric: string, offset = '') =>
    sumBy('protocol', increase(metric, `$__range${offset}`, LOG))
  const meanOf = (offset = '') =>
    share(total(`${DURATION}_sum`, offset), total(`${DURATION}_count`, offset))
  const then = ' offset $baseline'
  const change = (now: string, before: string) => `${now} / (${before} > 0) - 1`
  const column = (name: string, unit: 'seconds' | 'none' | 'share', expr: string) => ({
    ...{ name, unit, expr },
    ...(unit === 'seconds' ? {} : { decimals: unit === 'none' ? 0 : 1 }),
  })
  return [
    column('Mean now', 'seconds', meanOf()),
    column('Mean before', 'seconds', meanOf(then)),
    column('Change of mean', 'share', change(meanOf(), meanOf(then))),
    column('Requests now', 'none', total(`${DURATION}_count`)),
    column('Requests before', 'none', total(`${DURATION}_count`, then)),
    column(
      'Change of requests',
      'share',
      change(total(`${DURATION}_count`), total(`${DURATION}_count`, then)),
    ),
  ]
}
