/**
 * How long a connection was in each congestion state: the time between two consecutive events belongs to
 * the state in force, up to 1 s; the rest of a longer gap is idle. It stops at the end.
 */
import type { Connection } from './connection.ts'
import type { Emit, Tracker } from './tracker.ts'

const MOST_US = 1_000_000

export const congestionTime: Tracker = {
  moved(connection, at, emit) {
    // A gap of more than 1 s always crosses a second, so it is always seen here.
    const gap = at - connection.now
    settle(connection, connection.now + Math.min(gap, MOST_US), emit)
    const { congestion } = connection
    if (congestion.state !== undefined && gap > MOST_US) {
      emit({ type: 'congestion_time', state: 'idle', us: gap - MOST_US })
    }
    congestion.since = at
  },
  on: {
    congestion_state(event, connection, emit) {
      const { congestion, ended } = connection
      if (ended || event.state === congestion.state) return
      settle(connection, connection.now, emit)
      congestion.state = event.state
      emit({ type: 'congestion_state_entered', state: event.state })
    },
    connection_ended(_event, connection, emit) {
      settle(connection, connection.now, emit)
    },
  },
}

/** Tells how long the state in force has been since it was told last. */
function settle(connection: Connection, until: number, emit: Emit): void {
  const { congestion } = connection
  const us = until - congestion.since
  congestion.since = until
  if (congestion.state !== undefined && us > 0) {
    emit({ type: 'congestion_time', state: congestion.state, us })
  }
}
