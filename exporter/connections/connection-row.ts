/** A connection as a row of the state: every field of it, once, for both directions. */
import type { RowFields } from '../state/row.ts'
import type { Connection } from './connection.ts'
import type { Attempt } from './path-state.ts'

/**
 * Shows all fields that change: those of a new connection are filled from a reader, those of a live one
 * are written. `silent` is left out: it depends on the wall clock and is found out again.
 */
export function connectionRow(connection: Connection, row: RowFields): void {
  const { idle, congestion, streams } = connection
  connection.now = row.number(connection.now)
  connection.wakeAt = row.number(connection.wakeAt)
  connection.joinedLate = row.flag(connection.joinedLate)
  connection.ended = row.flag(connection.ended)
  connection.endedAt = row.optional(connection.endedAt)
  connection.closedAs = row.optionalText(connection.closedAs)
  idle.localUs = row.number(idle.localUs)
  idle.remoteUs = row.number(idle.remoteUs)
  connection.handshakeCompleted = row.flag(connection.handshakeCompleted)
  connection.firstReceivedAt = row.optional(connection.firstReceivedAt)
  connection.lastReceivedAt = row.optional(connection.lastReceivedAt)
  connection.packetsSent = row.number(connection.packetsSent)
  connection.mtuKnown = row.number(connection.mtuKnown)
  connection.lossOutstanding = row.flag(connection.lossOutstanding)
  connection.receivedDestinationId = row.optionalText(connection.receivedDestinationId)
  connection.peerMoved = row.flag(connection.peerMoved)
  connection.lastStreamId = row.number(connection.lastStreamId)
  connection.zeroRttUsed = row.flag(connection.zeroRttUsed)
  connection.versionKnown = row.flag(connection.versionKnown)
  connection.ecn = row.optionalText(connection.ecn)
  connection.mtuBytes = row.optional(connection.mtuBytes)
  for (let kind = 0; kind < streams.length; kind += 1) {
    streams[kind] = row.number(streams[kind] as number)
  }
  congestion.state = row.optionalText(congestion.state)
  congestion.since = row.number(congestion.since)
  recoveryFields(connection, row)
  lossFields(connection, row)
  pathFields(connection, row)
}

function recoveryFields({ recovery }: Connection, row: RowFields): void {
  recovery.smoothedRttUs = row.optional(recovery.smoothedRttUs)
  recovery.rttVariationUs = row.optional(recovery.rttVariationUs)
  recovery.minRttUs = row.optional(recovery.minRttUs)
  recovery.congestionWindow = row.optional(recovery.congestionWindow)
  recovery.bytesInFlight = row.optional(recovery.bytesInFlight)
  recovery.maxBytesInFlight = row.optional(recovery.maxBytesInFlight)
  recovery.pacingRate = row.optional(recovery.pacingRate)
  recovery.maxAckDelayUs = row.number(recovery.maxAckDelayUs)
  recovery.ptoCount = row.optional(recovery.ptoCount)
  recovery.second = row.number(recovery.second)
  recovery.busy = row.flag(recovery.busy)
}

function lossFields({ loss }: Connection, row: RowFields): void {
  loss.declared = row.number(loss.declared)
  loss.spurious = row.number(loss.spurious)
  row.numbers(loss.outstanding.initial)
  row.numbers(loss.outstanding.handshake)
  row.numbers(loss.outstanding.application)
  row.numbers(loss.probes)
}

function pathFields({ paths }: Connection, row: RowFields): void {
  paths.resetSinceChallenge = row.flag(paths.resetSinceChallenge)
  paths.inFailedRun = row.flag(paths.inFailedRun)
  const count = row.number(paths.attempts.length)
  for (let i = 0; i < count; i += 1) paths.attempts[i] = attemptRow(paths.attempts[i], row)
}

function attemptRow(attempt: Attempt | undefined, row: RowFields): Attempt {
  const shown: Attempt = {
    key: row.optionalText(attempt?.key),
    openedAt: row.number(attempt?.openedAt ?? 0),
    deadline: row.number(attempt?.deadline ?? 0),
    patience: row.number(attempt?.patience ?? 0),
    lastChallengeAt: row.number(attempt?.lastChallengeAt ?? 0),
    unanswered: attempt?.unanswered ?? [],
    answeredAt: row.optional(attempt?.answeredAt),
    joinUntil: row.number(attempt?.joinUntil ?? 0),
  }
  const count = row.number(shown.unanswered.length)
  for (let i = 0; i < count; i += 1) shown.unanswered[i] = row.text(shown.unanswered[i] ?? '')
  return attempt ?? shown
}
