/** The contract of a rule about connections: it keeps its own part of the row and says what follows. */
import type { Connection } from './connection.ts'
import type { ConnectionEvent } from './derived.ts'

/** Takes a derived event: all trackers, then all collectors see it before this returns. */
export type Emit = (event: ConnectionEvent) => void

type EventOf<T extends ConnectionEvent['type']> = Extract<ConnectionEvent, { type: T }>

export type TrackerHandlers = {
  readonly [T in ConnectionEvent['type']]?: (
    event: EventOf<T>,
    connection: Connection,
    emit: Emit,
  ) => void
}

export interface Tracker {
  /**
   * The connection's clock moves on to `at` (µs), before the event of that time is seen: once in each second
   * that has events, and from `wakeAt` on. Not after its end.
   */
  readonly moved?: (connection: Connection, at: number, emit: Emit) => void
  readonly on: TrackerHandlers
}
