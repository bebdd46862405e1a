/** What a load balancer's own log can tell of requests and backends, in the words of the log events. */
import type { Aborter, BreakerState, Protocol } from './log-events.ts'

export interface RequestCapabilities {
  /** Requests with their protocol and status. */
  readonly requests?: true
  /** The only protocols and classes of status that requests can have here; none given: all. */
  readonly protocols?: readonly Protocol[]
  readonly codes?: readonly ['other']
  readonly requestMethods?: true
  readonly requestDurations?: true
  readonly responseBytes?: true
  /** Who can be told to have cut a request short. */
  readonly aborts?: readonly Aborter[]
  /** Requests that no backend could take are told apart. */
  readonly withoutBackend?: true
  /** Every request names its backend, or every try does. */
  readonly backendRequests?: true
  readonly backendDurations?: true
  /** Tries after the first. */
  readonly requestRetries?: true
  readonly clientRtt?: true
  readonly clientLoss?: true
  /** The balancer says which backends are up. */
  readonly reportedUp?: true
  /** The states of a circuit breaker whose beginning is told. */
  readonly breakerTransitions?: readonly BreakerState[]
  /** Beginning and end of every state are told, so that the state in force is known. */
  readonly breakerStates?: true
  readonly breakerFailures?: true
  readonly breakerRejections?: true
}
