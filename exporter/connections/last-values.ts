/** What is counted once for each connection, by the last value before its end: path MTU and ECN state. */
import type { Tracker } from './tracker.ts'

export const lastValues: Tracker = {
  on: {
    path_mtu(event, connection) {
      if (!connection.ended) connection.mtuBytes = event.bytes
    },
    ecn_state(event, connection) {
      if (!connection.ended) connection.ecn = event.state
    },
  },
}
