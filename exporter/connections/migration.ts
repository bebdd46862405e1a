/**
 * Migrations: the peer moved. Every validated attempt counts; an unbroken run of failed attempts counts
 * once, as failed (one move that never worked); an abandoned attempt counts outside such a run. The move
 * was active if, since the last finished attempt, the received 1-RTT destination connection id changed
 * or a PATH_CHALLENGE or RETIRE_CONNECTION_ID was received; else it was a NAT rebinding. A producer that
 * tells migrations itself is believed: nothing follows from its validations.
 */
import type { MigrationKind } from '../../qlog-parsers/index.ts'
import type { Connection } from './connection.ts'
import { isPastHandshake } from './handshake.ts'
import type { Emit, Tracker } from './tracker.ts'

export const migration: Tracker = {
  on: {
    packet(event, connection) {
      const id = event.destinationId
      if (event.direction !== 'received' || event.packetType !== '1rtt' || id === undefined) return
      const before = connection.receivedDestinationId
      if (before === id) return
      if (before !== undefined) connection.peerMoved = true
      connection.receivedDestinationId = id
    },
    path_challenge(event, connection) {
      if (event.direction === 'received') connection.peerMoved = true
    },
    retire_connection_id(event, connection) {
      // Before the handshake is complete clients retire ids without moving.
      if (event.direction === 'received' && isPastHandshake(connection)) {
        connection.peerMoved = true
      }
    },
    path_validated(_event, connection, emit) {
      connection.paths.inFailedRun = false
      moved(connection, false, emit)
    },
    path_validation_failed(_event, connection, emit) {
      moved(connection, true, emit)
      connection.paths.inFailedRun = true
    },
    path_validation_abandoned(_event, connection, emit) {
      moved(connection, false, emit)
    },
  },
}

/** An attempt finished: a move follows from it, or it belongs to one that was told before. */
function moved(connection: Connection, failed: boolean, emit: Emit): void {
  const kind = kindOf(connection)
  if (connection.facts.capabilities.toldPaths || connection.paths.inFailedRun) return
  emit({ type: 'migration', at: connection.now, kind, failed })
}

/** What kind of move the attempt that just finished was; the evidence is used up. */
function kindOf(connection: Connection): MigrationKind {
  const { facts, peerMoved: moved } = connection
  connection.peerMoved = false
  if (facts.capabilities.migrationKinds?.includes('active') !== true) return 'unknown'
  return moved ? 'active' : 'nat_rebinding'
}
