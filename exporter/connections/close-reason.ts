/** Why a connection ended: derived before it is believed, since writers call the same end by other names. */
import type { CloseTrigger, QuicError } from '../../qlog-parsers/index.ts'
import type { CloseReason, Initiator } from './derived.ts'

export interface CloseEvidence {
  readonly trigger: CloseTrigger | undefined
  readonly error: QuicError | undefined
  readonly initiator: Initiator
  readonly handshakeCompleted: boolean
  /** µs since the last received packet; undefined if none was received. */
  readonly sinceReceivedUs: number | undefined
  readonly idleTimeoutUs: number
}

export interface Close {
  readonly reason: CloseReason
  readonly initiator: Initiator
  readonly error?: QuicError
}

/** H3_NO_ERROR of RFC 9114 §8.1. */
const H3_NO_ERROR = 0x100
const NEARLY = 0.95

/**
 * Any time-out before the handshake is complete is handshake_timeout; a close without error at 0.95 of
 * the idle time-out after the last received packet, or later, is idle_timeout (some writers call it
 * `clean` or say nothing).
 */
export function closeReason(evidence: CloseEvidence): Close {
  const { trigger, error, initiator } = evidence
  if (trigger === 'stateless_reset' || trigger === 'version_mismatch') {
    return { reason: trigger, initiator: 'unknown' }
  }
  const harmless = error === undefined || isNoError(error)
  if (trigger !== undefined || (harmless && initiator !== 'remote' && wasIdle(evidence))) {
    const reason = evidence.handshakeCompleted ? 'idle_timeout' : 'handshake_timeout'
    return { reason, initiator: 'unknown' }
  }
  if (error === undefined) return { reason: 'unknown', initiator: 'unknown' }
  if (harmless) return { reason: 'no_error', initiator }
  return { reason: `${error.space}_error`, initiator, error }
}

/** NO_ERROR of any layer: RFC 9000 code 0, H3_NO_ERROR, or an application's own 0. */
export function isNoError(error: QuicError): boolean {
  if (error.space === 'crypto') return false
  return error.code === 0 || (error.space === 'application' && error.code === H3_NO_ERROR)
}

function wasIdle(evidence: CloseEvidence): boolean {
  const { sinceReceivedUs, idleTimeoutUs } = evidence
  return sinceReceivedUs !== undefined && sinceReceivedUs >= NEARLY * idleTimeoutUs
}
