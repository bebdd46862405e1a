/**
 * What a load balancer's own log says of requests and backends, in one set of words for all proxies.
 * Durations are integer microseconds, sizes bytes. No event holds an address, path or header beyond what
 * names a backend in the log; the collectors turn that into a configured name.
 */

export const PROTOCOLS = ['http/1.1', 'h2', 'h3', 'other'] as const
/** `http/1.1` includes 1.0. */
export type Protocol = (typeof PROTOCOLS)[number]

/** The methods of RFC 9110 §9.3 and RFC 5789. */
export const METHODS = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'CONNECT',
  'OPTIONS',
  'TRACE',
  'PATCH',
  'other',
] as const
export type Method = (typeof METHODS)[number]

export const ABORTERS = ['client', 'server', 'proxy', 'unknown'] as const
/** Who ended a request before its response was complete; `server` is the backend. */
export type Aborter = (typeof ABORTERS)[number]

export const BREAKER_STATES = ['closed', 'half_open', 'open'] as const
export type BreakerState = (typeof BREAKER_STATES)[number]

/** One try of a request at a backend. */
export interface Attempt {
  /** How the log names the backend: an address or the proxy's own name. */
  readonly backend: string
  /** Status of its answer, or what the balancer put in its place (502, 503, 504); undefined: the try was given up. */
  readonly status?: number
  /** How long the backend took to answer. */
  readonly durationUs?: number
}

/** One request, logged when it was over. Undefined is what the line does not say. */
export interface Request {
  readonly type: 'request'
  readonly protocol: Protocol
  /** Final status; undefined where the log has none, as for a client that went away first. */
  readonly status: number | undefined
  readonly method?: Method
  readonly durationUs?: number
  readonly responseBytes?: number
  /** Set if it was cut short. */
  readonly abortedBy?: Aborter
  /** Every try that the log names, in order. */
  readonly attempts?: readonly Attempt[]
  /** The balancer answered by itself because no backend was there to ask. */
  readonly withoutBackend?: boolean
  /** Tries after the first, where the log counts them. */
  readonly retries?: number
  /** Smoothed round-trip time to the client at the end of the request. */
  readonly clientRttUs?: number
  /** Packets to the client declared lost since the last request of the same connection. */
  readonly clientLost?: number
}

/** The balancer says that a backend is up or down. */
export interface BackendReported {
  readonly type: 'backend_reported'
  readonly backend: string
  readonly up: boolean
}

/** A circuit breaker in front of a backend changed its state. */
export interface BreakerTransition {
  readonly type: 'breaker_transition'
  readonly backend: string
  readonly state: BreakerState
  /** Its writer tells every change: this state is in force until the next. */
  readonly inForce: boolean
}

/** A try at a backend failed in a way that its breaker counts. */
export interface BreakerFailure {
  readonly type: 'breaker_failure'
  readonly backend: string
  /** How many tries; one if it does not say. */
  readonly count?: number
}

/** A request was not sent to a backend because its breaker is open. */
export interface BreakerRejection {
  readonly type: 'breaker_rejection'
  readonly backend: string
}

export type LogEvent =
  | Request
  | BackendReported
  | BreakerTransition
  | BreakerFailure
  | BreakerRejection

const PROTOCOL = new Map<string, Protocol>([
  ['http/1.0', 'http/1.1'],
  ['http/1.1', 'http/1.1'],
  ['http/1', 'http/1.1'],
  ['http/2', 'h2'],
  ['http/2.0', 'h2'],
  ['h2', 'h2'],
  ['h2c', 'h2'],
  ['http/3', 'h3'],
  ['http/3.0', 'h3'],
  ['h3', 'h3'],
])

/** The protocol of a request as any proxy writes it. */
export function protocolOf(written: unknown): Protocol {
  return (typeof written === 'string' && PROTOCOL.get(written.toLowerCase())) || 'other'
}

/** The method of a request; methods are case-sensitive (RFC 9110 §9.1). */
export function methodOf(written: unknown): Method {
  return METHODS.find((method) => method === written) ?? 'other'
}
