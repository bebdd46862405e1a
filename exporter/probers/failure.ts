/** Why a look failed, from whatever was thrown: the phase decides what the codes of the system cannot. */
import type { ProbeFailure, ProbePhase } from './prober.ts'

/** A look that failed for a reason that is known where it is thrown. */
export class ProbeError extends Error {
  readonly failure: ProbeFailure

  constructor(failure: ProbeFailure, why: string) {
    super(why)
    this.failure = failure
  }
}

const REASONS: Readonly<Record<string, ProbeFailure>> = {
  ECONNREFUSED: 'refused',
  // Taken, and thrown away at once: what stands in for a backend that is gone does so (a proxy, a full listener).
  ECONNRESET: 'refused',
  // The kernel's own patience with the other side.
  ETIMEDOUT: 'timeout',
}

/** What a connection that was there ended with: the other side left, or sent what is not the protocol. */
const BROKEN =
  /^(ECONNRESET|EPIPE|HPE_.*|ERR_HTTP2_(ERROR|STREAM_ERROR|SESSION_ERROR|STREAM_CANCEL|GOAWAY_SESSION))$/

/** The counted reason; `phase` is what was being done. */
export function failureOf(error: unknown, phase: ProbePhase | undefined): ProbeFailure {
  if (error instanceof ProbeError) return error.failure
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (phase === 'tls') return code === 'ETIMEDOUT' ? 'timeout' : 'tls'
  // TLS 1.3: whether a client certificate was taken is told after the handshake (RFC 8446 §4.4.2.4).
  if (code.startsWith('ERR_SSL') || code === 'EPROTO') return 'tls'
  if (phase === 'processing' && BROKEN.test(code)) return 'protocol'
  // Before the connection is there; later it is one that broke.
  return REASONS[code] ?? 'other'
}

/** What is wrong, for people; of OpenSSL's errors the part that is for them. */
export function whyOf(error: unknown): string {
  if (!(error instanceof Error)) return plain(String(error))
  const isTls = 'reason' in error && typeof error.reason === 'string'
  return plain(isTls ? `TLS: ${error.reason}` : error.message)
}

const LONGEST_WHY = 240

/** One line of printable ASCII: a backend, a name server or a certificate may have written parts of it. */
export function plain(text: string): string {
  const escaped = text.replace(/[^\x20-\x7e]/gu, (character) => {
    return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
  })
  return escaped.length > LONGEST_WHY ? `${escaped.slice(0, LONGEST_WHY)}...` : escaped
}
