/**
 * The contract of a prober: one look at one target. A probe that fails is a result with a bounded reason,
 * never an exception. Probers know neither clocks of their own (besides how long things take) nor metrics.
 */

/** Why a probe of a backend failed (METRICS: `quic_lb_backend_probes_failed_total{reason}`). */
export const PROBE_FAILURES = [
  'timeout',
  'refused',
  'dns',
  'tls',
  'status',
  'body',
  'protocol',
  'other',
] as const
export type ProbeFailure = (typeof PROBE_FAILURES)[number]

/** What a probe spends its time on, in this order; `processing`: from the request to the first byte of the answer. */
export const PROBE_PHASES = ['resolve', 'connect', 'tls', 'processing'] as const
export type ProbePhase = (typeof PROBE_PHASES)[number]

/** What a prober says while it works, one line each, for whoever asked with `debug=true`; nothing reads it. */
export type Note = (line: string) => void

/** What one look at a backend showed. Durations are whole microseconds. */
export interface ProbeResult {
  /** Undefined: it is healthy. */
  readonly failure: ProbeFailure | undefined
  /** One line for people: what was expected, what came. */
  readonly why?: string
  /** From the first question to the resolver until the verdict. */
  readonly durationUs: number
  /** Only phases that were gone through; a phase that failed has the time until it did. */
  readonly phasesUs: Readonly<Partial<Record<ProbePhase, number>>>
  /** Of the chain that the backend showed, the earliest end; Unix µs. Also when the chain was refused. */
  readonly certificateExpiryUs?: number
  /** Status of the answer, for HTTP. */
  readonly status?: number
  /** The address that was connected to. */
  readonly address?: string
}

/**
 * Looks once. The signal ends it: the result is then `timeout` with the phases gone through so far. Resolves
 * always, and only when every socket that it opened is closed.
 */
export type Prober = (signal: AbortSignal, note: Note) => Promise<ProbeResult>

/** Which addresses of a name may be used; `any`: IPv4 if there is one, else IPv6. */
export type AddressFamily = 'any' | 'ipv4' | 'ipv6'

/** Where a target is. */
export interface Endpoint {
  /** A name, or an address without brackets. */
  readonly host: string
  readonly port: number
  readonly family: AddressFamily
}

/** How TLS is spoken with a target. */
export interface TlsSettings {
  /** PEM files. They are read again when they change. */
  readonly caFile?: string
  readonly certFile?: string
  readonly keyFile?: string
  /** SNI, and the name that the certificate must have; the host of the target if there is none. */
  readonly serverName?: string
  /** False: any certificate is taken (its expiry is told all the same). */
  readonly verify: boolean
}

/** What `http` asks and expects. */
export interface HttpSettings {
  readonly version: 'http/1.1' | 'h2'
  /** `GET`, `HEAD` or `POST` without a body. */
  readonly method: string
  /** Path and query. */
  readonly path: string
  /** Value of `Host` / `:authority`; the target's own if there is none. */
  readonly hostHeader?: string
  /** Ranges of statuses that are healthy, both ends included. */
  readonly expectStatus: readonly (readonly [from: number, to: number])[]
  /** Text that must stand in the body. */
  readonly expectBody?: string
  /** Bytes of a body that are read at most; a longer one is fine unless it must hold something. */
  readonly maxBodyBytes: number
  /** Redirects to follow: 0 is none, and a redirect is then a status like any other. */
  readonly maxRedirects: number
}

/** Why a probe of a QUIC front door failed (METRICS: `quic_probes_failed_total{reason}`). */
export const QUIC_PROBE_FAILURES = [
  'timeout',
  'refused',
  'dns',
  'version',
  'retry',
  'close',
  'protocol',
  'other',
] as const
export type QuicProbeFailure = (typeof QUIC_PROBE_FAILURES)[number]

/** What one look at a QUIC front door showed. Durations are whole microseconds. */
export interface QuicProbeResult {
  /** Undefined: it answered as a server that serves should. */
  readonly failure: QuicProbeFailure | undefined
  readonly why?: string
  /** First datagram out to the answer that decided; until it was given up if none did. */
  readonly durationUs: number
  /** Versions that a Version Negotiation packet offered, GREASE left out (RFC 9000 §15, RFC 9368). */
  readonly versions?: readonly number[]
  /** What the server sent, in the order of the ladder; absent: silence. */
  readonly answer?: 'version_negotiation' | 'server_hello' | 'hello_retry_request' | 'close'
  /** Whether a Retry came first and its token was taken. */
  readonly retried?: boolean
  /** Error code of a CONNECTION_CLOSE (RFC 9000 §20.1; 0x0100 + alert for TLS). */
  readonly closeCode?: number
  /** UDP payload bytes from and to the server before it could know our address (RFC 9000 §8.1: at most 3×). */
  readonly amplification?: { readonly receivedBytes: number; readonly sentBytes: number }
  readonly address?: string
}

/** As `Prober`, for one rung of the ladder of QUIC probes. */
export type QuicProber = (signal: AbortSignal, note: Note) => Promise<QuicProbeResult>

/** A front door and what a QUIC probe says to it. */
export interface QuicTarget extends Endpoint {
  /** SNI; the host if there is none (no SNI for an address). */
  readonly serverName?: string
  /** ALPN protocols offered, `h3` as a rule. */
  readonly alpn: readonly string[]
  /** The version that the Initial is sent with: 0x00000001 or 0x6b3343cf. */
  readonly version: number
}
