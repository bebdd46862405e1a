/**
 * What a home-made balancer can be found to tell: an event type, or one field of it. It counts as told once it was
 * seen or announced by `hello`.
 */
import { MIGRATION_KINDS } from '../events.ts'
import { ABORTERS, BREAKER_STATES } from '../log-events.ts'
import type { Signals } from '../told-signals.ts'
import { CLOSE_TRIGGERS } from './lb-events-definitions.ts'

export const SIGNALS: Signals = {
  request: { requests: true },
  'request.method': { requestMethods: true },
  'request.duration_ms': { requestDurations: true },
  'request.response_bytes': { responseBytes: true },
  'request.backend': { backendRequests: true },
  'request.backend_duration_ms': { backendDurations: true },
  'request.retries': { requestRetries: true },
  'request.aborted_by': { aborts: ABORTERS },
  'request.without_backend': { withoutBackend: true },
  'request.client_rtt_ms': { clientRtt: true },
  'request.client_packets_lost': { clientLoss: true },
  backend_health: { reportedUp: true },
  'circuit_breaker.transition': { breakerTransitions: BREAKER_STATES, breakerStates: true },
  'circuit_breaker.failure': { breakerFailures: true },
  'circuit_breaker.rejection': { breakerRejections: true },
  connection: { connection: true },
  'connection.handshake_completed': { handshake: true },
  'connection.version': { version: true },
  'connection.zero_rtt': { zeroRtt: true },
  'connection.smoothed_rtt_ms': { rtt: true },
  'connection.congestion_window': { congestionWindow: true },
  'connection.bytes_in_flight': { bytesInFlight: true },
  'connection.packets_lost': { loss: ['unknown'] },
  'connection.trigger': { closeTriggers: CLOSE_TRIGGERS },
  'connection.error_code': { errorCodes: true },
  migration: { migrationKinds: MIGRATION_KINDS, migrationFailures: true, toldPaths: true },
  path_validation: { pathValidations: true, toldPaths: true },
  'path_validation.duration_ms': { pathDurations: true },
}

const NAMES = Object.keys(SIGNALS)

/** What `hello` may announce: signals, and types that stand for all that they need at least. */
export const ANNOUNCEABLE: readonly string[] = [...NAMES, 'circuit_breaker']

/** The signals that a name stands for; of a circuit breaker that tells its events, all three. */
export function signalsOf(name: string): readonly string[] {
  if (Object.hasOwn(SIGNALS, name)) return [name]
  return name === 'circuit_breaker' ? NAMES.filter((one) => one.startsWith('circuit_breaker.')) : []
}
