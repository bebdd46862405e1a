/** All backends in one table: what our probe, the balancer and the request log say of each. */
import { BREAKER, UP_OR_DOWN } from './looks.ts'
import type { Tile } from './panel.ts'
import { LOG, quantile, rate, series, share, sumBy } from './promql.ts'
import { table } from './table.ts'
import { THRESHOLDS } from './thresholds.ts'

/** 0 closed, 1 half open, 2 open. */
export function breakerState(by: string, ...matchers: readonly string[]): string {
  const state = (name: string) =>
    sumBy(by, series('quic_lb_circuit_breaker_state', `state="${name}"`, ...matchers))
  return `${state('half_open')} + 2 * ${state('open')}`
}

/** `matcher`: on `backend`, or empty. */
export function backendTable(matcher: string): Tile {
  const matchers = matcher === '' ? [] : [matcher]
  const of = (...more: readonly string[]) =>
    sumBy('backend', rate('quic_lb_backend_requests_total', LOG, ...matchers, ...more))
  return table({
    title: 'Backends',
    about:
      'What our probe, any balancer and the chosen request log say of every backend. A dash: not reported, or nothing to report.',
    height: 8,
    labels: { backend: 'Backend' },
    columns: [
      {
        name: 'Our probe',
        unit: 'none',
        mappings: [UP_OR_DOWN],
        expr: `max by (backend) (${series('quic_lb_backend_up', ...matchers)})`,
      },
      {
        name: 'Balancer says',
        unit: 'none',
        mappings: [UP_OR_DOWN],
        expr: `min by (backend) (${series('quic_lb_backend_reported_up', ...matchers)})`,
      },
      {
        name: 'Breaker',
        unit: 'none',
        mappings: [BREAKER],
        expr: `max by (backend) (${breakerState('source, backend', ...matchers)})`,
      },
      { name: 'Requests/s', unit: 'requests', decimals: 2, expr: of() },
      {
        name: 'Errors',
        unit: 'share',
        decimals: 2,
        threshold: THRESHOLDS.errorShare,
        expr: share(of('code="5xx"'), of()),
      },
      {
        name: 'p95',
        unit: 'seconds',
        expr: quantile(
          0.95,
          'quic_lb_backend_response_duration_seconds',
          'backend',
          LOG,
          ...matchers,
        ),
      },
    ],
  })
}
