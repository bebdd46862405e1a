/**
 * A connection ends at the first CONNECTION_CLOSE frame, close event, closing state or stateless reset;
 * everything about it is settled there. A later close event may still name the reason.
 */
import { type Close, closeReason } from './close-reason.ts'
import { type Connection, idleTimeoutUs } from './connection.ts'
import type { CloseReason } from './derived.ts'
import { isPastHandshake } from './handshake.ts'
import type { Emit, Tracker } from './tracker.ts'

export const lifetime: Tracker = {
  on: {
    parameters(event, connection) {
      const us = event.maxIdleTimeoutUs ?? 0
      if (event.side === 'local') connection.idle.localUs = us
      else connection.idle.remoteUs = us
    },
    connection_close_frame(event, connection, emit) {
      const initiator = event.direction === 'sent' ? 'local' : 'remote'
      if (connection.ended) return
      close(connection, judge(connection, { error: event.error, initiator }), emit)
    },
    connection_closed(event, connection, emit) {
      if (connection.closedAs !== undefined) return
      close(connection, judge(connection, event), emit)
    },
    connection_state(event, connection, emit) {
      if (event.state === 'handshake_complete') return
      end(connection, emit)
    },
  },
}

/** Ends a connection of which nothing more is known: silence, or room is needed. */
export function giveUp(connection: Connection, reason: 'expired' | 'evicted', emit: Emit): void {
  if (connection.closedAs !== undefined) return
  const known: CloseReason = connection.ended ? 'unknown' : reason
  close(connection, { reason: known, initiator: 'unknown' }, emit)
}

function judge(
  connection: Connection,
  event: Pick<Parameters<typeof closeReason>[0], 'initiator'> & {
    readonly trigger?: Parameters<typeof closeReason>[0]['trigger']
    readonly error?: Parameters<typeof closeReason>[0]['error']
  },
): Close {
  const { lastReceivedAt } = connection
  // A close event that follows an end by state says why that end happened, not when.
  const { endedAt = connection.now } = connection
  return closeReason({
    trigger: event.trigger,
    error: event.error,
    initiator: event.initiator,
    handshakeCompleted: isPastHandshake(connection),
    sinceReceivedUs: lastReceivedAt === undefined ? undefined : endedAt - lastReceivedAt,
    idleTimeoutUs: idleTimeoutUs(connection),
  })
}

function end(connection: Connection, emit: Emit): void {
  if (connection.ended) return
  emit({ type: 'connection_ended' })
  connection.ended = true
  connection.endedAt = connection.now
}

function close(connection: Connection, verdict: Close, emit: Emit): void {
  end(connection, emit)
  connection.closedAs = verdict.reason
  emit({ type: 'close_reason', ...verdict })
}
