/**
 * How long a connection was in each congestion state: the time between two consecutive events belongs to
 * the state in force, up to 1 s; the rest of a longer gap is idle. It stops at the end.
 */
import type { Connection } from './connection.ts'
import type { Emit, Tracker } from './tracker.ts'

const MOST_US = 1_000_000

export const congestionTime: Tracker = {
  moved(connection, at, emit) {
    const { congestion } = connection
    const gap = at - congestion.since
    congestion.since = at
    if (congestion.state === undefined) return
    congestion.pendingUs += Math.min(gap, MOST_US)
    if (gap > MOST_US) emit({ type: 'congestion_time', state: 'idle', us: gap - MOST_US })
    // Told in whole seconds, not at each event; the rest follows at a change of state or the end.
    if (congestion.pendingUs >= MOST_US) settle(connection, emit)
  },
  on: {
    congestion_state(event, connection, emit) {
      const { congestion, ended } = connection
      if (ended || event.state === congestion.state) return
      settle(connection, emit)
      congestion.state = event.state
      emit({ type: 'congestion_state_entered', state: event.state })
    },
    connection_ended(_event, connection, emit) {
      settle(connection, emit)
    },
  },
}

function settle(connection: Connection, emit: Emit): void {
  const { congestion } = connection
  if (congestion.state === undefined || congestion.pendingUs === 0) return
  emit({ type: 'congestion_time', state: congestion.state, us: congestion.pendingUs })
  congestion.pendingUs = 0
}
