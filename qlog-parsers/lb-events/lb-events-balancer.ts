/** Requests, backends and circuit breakers in a home-made balancer's words. */
import {
  type Aborter,
  type Attempt,
  type BreakerState,
  type LogEvent,
  methodOf,
  protocolOf,
  type Request,
} from '../log-events.ts'
import type { Values } from './lb-events-values.ts'

/** What one `request` line says. */
export function requestOf(values: Values): Request {
  const status = values.number('status') || undefined
  const method = values.text('method')
  const durationUs = values.number('duration_ms')
  const bytes = values.number('response_bytes')
  const attempts = attemptsOf(values, status)
  const abortedBy = values.text('aborted_by') as Aborter | undefined
  const retries = values.number('retries')
  const clientRttUs = values.number('client_rtt_ms')
  const clientLost = values.number('client_packets_lost')
  return {
    type: 'request',
    protocol: protocolOf(values.text('protocol')),
    status,
    ...(method === undefined ? {} : { method: methodOf(method) }),
    ...(durationUs === undefined ? {} : { durationUs }),
    ...(bytes === undefined ? {} : { responseBytes: bytes }),
    ...(attempts.length === 0 ? {} : { attempts }),
    ...(abortedBy === undefined ? {} : { abortedBy }),
    ...(values.flag('without_backend') === true ? { withoutBackend: true } : {}),
    ...(retries === undefined ? {} : { retries }),
    ...(clientRttUs === undefined ? {} : { clientRttUs }),
    ...(clientLost === undefined ? {} : { clientLost }),
  }
}

function attemptsOf(values: Values, status: number | undefined): readonly Attempt[] {
  const backend = values.text('backend')
  const listed = values.list('attempts')
  if (listed.length > 0 || backend === undefined) {
    return listed.map((one) =>
      attempt(one.text('backend'), one.number('status'), one.number('duration_ms')),
    )
  }
  const answered = values.number('backend_status') ?? status
  return [attempt(backend, answered, values.number('backend_duration_ms'))]
}

function attempt(
  backend: string | undefined,
  status: number | undefined,
  durationUs: number | undefined,
): Attempt {
  return {
    backend: backend ?? '',
    ...(status ? { status } : {}),
    ...(durationUs === undefined ? {} : { durationUs }),
  }
}

/** What one `backend_health` line says. */
export function healthOf(values: Values): LogEvent {
  const backend = values.text('backend') ?? ''
  return { type: 'backend_reported', backend, up: values.flag('up') === true }
}

/** What one `circuit_breaker` line says. */
export function breakerEvent(values: Values): LogEvent {
  const backend = values.text('backend') ?? ''
  const event = values.text('event')
  if (event === 'failure') return { type: 'breaker_failure', backend }
  if (event === 'rejection') return { type: 'breaker_rejection', backend }
  const state = values.text('state') as BreakerState
  return { type: 'breaker_transition', backend, state, inForce: true }
}
