/** D5: which backend is it, who says so, and what does the front door say? */
import { backendTable, breakerState } from './backend-table.ts'
import type { Board } from './board.ts'
import { HELP_NOT_REPORTED, UIDS } from './guide.ts'
import { BREAKER, HALF_DASHED, UP_OR_DOWN } from './looks.ts'
import { frontDoor, NO_PROBE, probes } from './probes.ts'
import { BACKEND, LOG, quantile, rate, series, share, sumBy } from './promql.ts'
import type { Needs } from './query.ts'
import { graph, timeline } from './shapes.ts'
import { THRESHOLDS } from './thresholds.ts'

const EVERY = 'source=~".+"'
/** Of sources that know breakers at all, those that cannot tell this. */
const breakerNeeds = (signal: string): Needs => ({
  signals: [signal],
  of: EVERY,
  like: 'quic_lb_circuit_breaker_failures_total',
})

/** Of the recording rules. */
const SCORE = 'backend:quic_lb_health_score'
const REQUESTS = 'quic_lb_backend_requests_total'

const requests = (...matchers: readonly string[]) =>
  sumBy('backend', rate(REQUESTS, LOG, BACKEND, ...matchers))

const states = [
  timeline({
    title: 'Backends by our own probe',
    about: 'After rise and fall: one failed probe is no outage. A gap is time without a verdict.',
    unit: 'none',
    mappings: [UP_OR_DOWN],
    nothing: NO_PROBE,
    queries: [
      {
        expr: `max by (backend) (${series('quic_lb_backend_up', BACKEND)})`,
        legend: '{{backend}}',
      },
    ],
  }),
  timeline({
    title: 'Backends as the balancer has them',
    about:
      'Its own health checks, where its log or its API tells. Down here and up above: the balancer cannot reach it, or checks something else.',
    unit: 'none',
    height: 9,
    mappings: [UP_OR_DOWN],
    nothing: 'No balancer says anything about backends',
    queries: [
      {
        expr: `max by (source, backend) (${series('quic_lb_backend_reported_up', BACKEND)})`,
        legend: '{{backend}} {{source}}',
      },
    ],
    needs: {
      signals: ['quic_lb_backend_reported_up'],
      of: EVERY,
      like: 'quic_lb_backend_reported_up',
    },
  }),
  timeline({
    title: 'Circuit breakers',
    about:
      'Whether the balancer sends requests to the backend at all. Openings between two scrapes are only in the counters below.',
    unit: 'none',
    mappings: [BREAKER],
    queries: [{ expr: breakerState('source, backend', BACKEND), legend: '{{backend}} {{source}}' }],
    needs: breakerNeeds('quic_lb_circuit_breaker_state'),
  }),
  backendTable(BACKEND),
  graph({
    title: 'Health score',
    about:
      'The worst of its terms, 1 is well: up, share of good probes, share of good requests, response time, breaker. To see at a glance, never to be woken by. Needs the recording rules.',
    unit: 'share',
    max: 1,
    nothing: 'No data, or the recording rules are not loaded',
    queries: [{ expr: `min by (backend) (${series(SCORE, BACKEND)})`, legend: '{{backend}}' }],
  }),
  graph({
    title: 'What pulls the score down',
    about: 'Terms of the health score that are below 1.',
    unit: 'share',
    max: 1,
    nothing: 'No term is below 1, or the recording rules are not loaded',
    queries: [
      {
        expr: `min by (backend, term) (${series(`${SCORE}:term`, BACKEND)}) < 1`,
        legend: '{{backend}} {{term}}',
      },
    ],
  }),
]

const load = [
  graph({
    title: 'Requests by backend',
    about: 'As the request log has them. nginx logs every try, HAProxy and Caddy the last one.',
    unit: 'requests',
    stack: 'values',
    queries: [{ expr: requests(), legend: '{{backend}}' }],
    needs: { signals: [REQUESTS], of: LOG },
  }),
  graph({
    title: 'Skew: busiest backend by the average',
    about:
      '1 is even. A backend that is down drops out of both, so the rest may look even and overloaded.',
    unit: 'count',
    queries: [
      {
        expr: `max(${requests()}) / (avg(${requests()}) > 0)`,
        legend: 'busiest by average',
      },
    ],
    needs: { signals: [REQUESTS], of: LOG },
  }),
  graph({
    title: 'Errors (5xx share) by backend',
    about:
      'One line up: that backend. All lines up: what they share, a database or the last release.',
    unit: 'share',
    threshold: THRESHOLDS.errorShare,
    queries: [{ expr: share(requests('code="5xx"'), requests()), legend: '{{backend}}' }],
    needs: { signals: [REQUESTS], of: LOG },
  }),
  graph({
    title: 'Time to answer by backend, p95 and (dashed) p50',
    looks: HALF_DASHED,
    about: 'As the balancer measured it: without the way to the user.',
    unit: 'seconds',
    queries: [0.5, 0.95].map((q) => ({
      expr: quantile(q, 'quic_lb_backend_response_duration_seconds', 'backend', LOG, BACKEND),
      legend: `{{backend}} p${q * 100}`,
    })),
    needs: { signals: ['quic_lb_backend_response_duration_seconds'], of: LOG },
  }),
  graph({
    title: 'Tries again, and no backend at all',
    about:
      'Tries after the first, and requests that the balancer answered itself because no backend was left.',
    unit: 'requests',
    queries: [
      { expr: sumBy('', rate('quic_lb_retries_total', LOG)), legend: 'tries again' },
      {
        expr: sumBy('', rate('quic_lb_requests_without_backend_total', LOG)),
        legend: 'without a backend',
      },
    ],
    needs: {
      signals: ['quic_lb_retries_total', 'quic_lb_requests_without_backend_total'],
      of: LOG,
    },
  }),
  graph({
    title: 'Requests broken off, by whom',
    about:
      'client: users gave up, often because it took too long. server: the backend broke off in the middle of an answer.',
    unit: 'requests',
    stack: 'values',
    queries: [
      {
        expr: sumBy('initiator', rate('quic_lb_requests_aborted_total', LOG)),
        legend: '{{initiator}}',
      },
    ],
    needs: { signals: ['quic_lb_requests_aborted_total'], of: LOG },
  }),
]

const breakers = [
  graph({
    title: 'Entries into states of breakers',
    about:
      'Also those that were over between two scrapes. Closed and open in turns: the backend comes back only to fail again.',
    unit: 'perSecond',
    width: 8,
    queries: [
      {
        expr: `${sumBy('source, backend, state', rate('quic_lb_circuit_breaker_transitions_total', BACKEND))} > 0`,
        legend: '{{backend}} {{state}}, {{source}}',
      },
    ],
    needs: breakerNeeds('quic_lb_circuit_breaker_transitions_total'),
  }),
  graph({
    title: 'Failures that breakers count',
    about: 'Failed tries at a backend, as its breaker counts them: they come before it opens.',
    unit: 'perSecond',
    width: 8,
    queries: [
      {
        expr: sumBy('source, backend', rate('quic_lb_circuit_breaker_failures_total', BACKEND)),
        legend: '{{backend}}, {{source}}',
      },
    ],
    needs: breakerNeeds('quic_lb_circuit_breaker_failures_total'),
  }),
  graph({
    title: 'Requests that breakers kept away',
    about: 'They went to another backend, or were answered with an error.',
    unit: 'perSecond',
    width: 8,
    queries: [
      {
        expr: sumBy('source, backend', rate('quic_lb_circuit_breaker_rejections_total', BACKEND)),
        legend: '{{backend}}, {{source}}',
      },
    ],
    needs: breakerNeeds('quic_lb_circuit_breaker_rejections_total'),
  }),
]

export const backends: Board = {
  uid: UIDS.backends,
  title: 'QUIC load balancer / Backends and circuit breakers',
  about:
    'Which backend is slow, wrong or gone, by our probe, by the balancer, and by the request log; and the front door as clients see it.',
  variables: ['log', 'backend'],
  rows: [
    { title: 'State', tiles: states },
    { title: 'Requests of $log', tiles: load },
    { title: 'Circuit breakers', tiles: breakers },
    { title: 'Our probes', tiles: probes },
    { title: 'Front door', tiles: frontDoor },
  ],
  help: `**Three witnesses.** Our probe asks the backend itself; the balancer says what it believes; the request log says what users got. Two against one tells where to look: *probe down, log well* is a path between us and the backend; *probe up, log bad* is an application that answers its health page and nothing else.

**A breaker is open** and the backend is up: it fails under load only, or the breaker does not close again (QuicLbCircuitBreakerStuck).

**The front door** does not depend on any log. If it gives no answer, nobody gets in over QUIC, whatever the graphs say.

${HELP_NOT_REPORTED}`,
}
