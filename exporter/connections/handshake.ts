/**
 * Handshake complete: the server sent HANDSHAKE_DONE, the client received it, or a state event says so.
 * Its duration counts from the first packet received: one client round trip plus crypto, without Retry
 * or version negotiation. Failed: ended or given up before; not told where nothing would show completion.
 */

import type { Connection } from './connection.ts'
import type { CloseReason, HandshakeFailure } from './derived.ts'
import type { Emit, Tracker } from './tracker.ts'

const FAILURE: Readonly<Record<CloseReason, HandshakeFailure>> = {
  handshake_timeout: 'timeout',
  idle_timeout: 'timeout',
  expired: 'timeout',
  crypto_error: 'crypto',
  transport_error: 'transport',
  application_error: 'application',
  version_mismatch: 'version',
  no_error: 'other',
  stateless_reset: 'other',
  evicted: 'other',
  unknown: 'other',
}

export const handshake: Tracker = {
  on: {
    connection_opened(_event, connection) {
      // It was the first packet received that opened it.
      if (connection.facts.vantage === 'server') connection.firstReceivedAt ??= connection.now
    },
    packet(event, connection, emit) {
      if (event.direction !== 'received') return
      connection.firstReceivedAt ??= connection.now
      if (!connection.ended) connection.lastReceivedAt = connection.now
      if (event.packetType === '0rtt' && !connection.zeroRttUsed && !connection.ended) {
        connection.zeroRttUsed = true
        emit({ type: 'zero_rtt_used', at: connection.now })
      }
    },
    handshake_done(event, connection, emit) {
      const ours = connection.facts.vantage === 'server' ? 'sent' : 'received'
      if (event.direction === ours) complete(connection, emit)
    },
    connection_state(event, connection, emit) {
      if (event.state === 'handshake_complete') complete(connection, emit)
    },
    close_reason(event, connection, emit) {
      if (!isPastHandshake(connection))
        emit({ type: 'handshake_failed', reason: FAILURE[event.reason] })
    },
    version(event, connection, emit) {
      if (connection.versionKnown || connection.ended) return
      connection.versionKnown = true
      emit({ type: 'version_known', version: event.version })
    },
  },
}

/** The handshake is complete, or nothing in what is read could show it. */
export function isPastHandshake({ handshakeCompleted, joinedLate, facts }: Connection): boolean {
  return handshakeCompleted || joinedLate || facts.capabilities.handshake === undefined
}

function complete(connection: Connection, emit: Emit): void {
  const { handshakeCompleted, joinedLate, ended, firstReceivedAt, now } = connection
  if (handshakeCompleted || ended) return
  connection.handshakeCompleted = true
  if (joinedLate) return
  emit({
    type: 'handshake_completed',
    ...(firstReceivedAt === undefined ? {} : { durationUs: now - firstReceivedAt }),
  })
}
