/** Backends as the balancer's own log tells of them: their answers, their health, their circuit breakers. */
import { BREAKER_STATES } from '../../qlog-parsers/index.ts'
import { OTHER_BACKEND } from './backend-names.ts'
import type { Collector } from './collector.ts'
import { codeOf, REQUEST_CODES } from './requests.ts'

export const backends: Collector = (metrics, names) => {
  const backend = names.labels
  const requests = metrics.counter({
    name: 'quic_lb_backend_requests_total',
    help: 'Requests by backend and class of its status: each try where the log names each, else one per request.',
    labels: { backend, code: REQUEST_CODES },
    signal: 'backendRequests',
  })
  const duration = metrics.histogram({
    name: 'quic_lb_backend_response_duration_seconds',
    help: 'How long backends took to answer, as the balancer logs it.',
    labels: { backend },
    unit: 'seconds',
    buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 5, 30],
    signal: 'backendDurations',
  })
  const reportedUp = metrics.gauge({
    name: 'quic_lb_backend_reported_up',
    help: 'Whether the balancer says that a backend is up; absent until it says something.',
    labels: { backend },
    signal: 'reportedUp',
    absentUntilSet: true,
  })
  const state = metrics.gauge({
    name: 'quic_lb_circuit_breaker_state',
    help: 'State of the circuit breaker in front of a backend: 1 for the one in force.',
    labels: { backend, state: BREAKER_STATES },
    signal: 'breakerStates',
    absentUntilSet: true,
  })
  const transitions = metrics.counter({
    name: 'quic_lb_circuit_breaker_transitions_total',
    help: 'Entries into states of the circuit breaker in front of a backend.',
    labels: { backend, state: BREAKER_STATES },
    signal: 'breakerTransitions',
  })
  const failures = metrics.counter({
    name: 'quic_lb_circuit_breaker_failures_total',
    help: 'Failed tries at a backend that count for its circuit breaker.',
    labels: { backend },
    signal: 'breakerFailures',
  })
  const rejections = metrics.counter({
    name: 'quic_lb_circuit_breaker_rejections_total',
    help: 'Requests that were not sent to a backend because its circuit breaker is open.',
    labels: { backend },
    signal: 'breakerRejections',
  })
  return {
    request({ attempts = [] }, { source }) {
      for (const attempt of attempts) {
        const name = names.of(attempt.backend)
        requests.add(source, 1, name, codeOf(attempt.status))
        if (attempt.durationUs !== undefined) duration.observe(source, attempt.durationUs, name)
      }
    },
    backend_reported(event, { source }) {
      const name = names.of(event.backend)
      // Several backends in one series would be up and down at once.
      if (name !== OTHER_BACKEND) reportedUp.set(source, event.up ? 1 : 0, name)
    },
    breaker_transition(event, { source }) {
      const name = names.of(event.backend)
      transitions.add(source, 1, name, event.state)
      if (name === OTHER_BACKEND || !event.inForce) return
      for (const one of BREAKER_STATES) state.set(source, one === event.state ? 1 : 0, name, one)
    },
    breaker_failure(event, { source }) {
      failures.add(source, event.count ?? 1, names.of(event.backend))
    },
    breaker_rejection(event, { source }) {
      rejections.add(source, 1, names.of(event.backend))
    },
  }
}
