/**
 * Path validation attempts. A PATH_CHALLENGE sent after the handshake opens the validation of one path,
 * keyed by the packet's destination connection id where logged. Else it joins the last attempt while that
 * has unanswered challenges, or within max(10 ms, 1.5 smoothed RTTs) of its last response, unless a path reset
 * lies between (some go on to validate the old path, and pace those challenges). An attempt is
 * validated by the first matching PATH_RESPONSE; failed 3 × max(PTO, 1 s) after it was opened
 * (RFC 9000 §8.2.4), or at the end of the connection if it was open for at least 1 s; else abandoned.
 * A validated one can be joined for as long after its latest challenge. Where the producer says itself how
 * validations end, its word counts and nothing is inferred.
 */
import type { Connection } from './connection.ts'
import { isPastHandshake } from './handshake.ts'
import type { Attempt } from './path-state.ts'
import { probeTimeoutUs } from './recovery.ts'
import type { Tracker } from './tracker.ts'

const LEAST_JOIN_US = 10_000
/** Pauses within one move reached 0.88 round trips, the nearest next move came after 3.1. */
const JOIN_RTTS = 1.5
const UNMEASURED_RTT_US = 333_000
const SECOND_US = 1_000_000
/** Attempts at once, and challenges of one that may still be answered. */
const MOST = 64

export const paths: Tracker = {
  moved(connection, at, emit) {
    const { attempts } = connection.paths
    if (attempts.length === 0 || !infers(connection)) return
    for (let i = 0; i < attempts.length; i += 1) {
      const attempt = attempts[i] as Attempt
      if (at <= attempt.deadline) {
        wakeFor(connection, attempt)
        continue
      }
      attempts.splice(i, 1)
      i -= 1
      if (attempt.answeredAt === undefined) emit({ type: 'path_validation_failed', at })
    }
  },
  on: {
    path_challenge(event, connection) {
      if (event.direction !== 'sent' || connection.ended || !isPastHandshake(connection)) return
      const { data = '', destinationId } = event
      const attempt = attemptFor(connection, destinationId) ?? open(connection, destinationId)
      if (attempt.unanswered.length < MOST) attempt.unanswered.push(data)
      attempt.lastChallengeAt = connection.now
      if (attempt.answeredAt !== undefined) stayOpen(connection, attempt)
      wakeFor(connection, attempt)
      connection.paths.resetSinceChallenge = false
    },
    path_response(event, connection, emit) {
      if (event.direction !== 'received' || connection.ended) return
      const { data = '' } = event
      const attempt = connection.paths.attempts.find((one) => one.unanswered.includes(data))
      if (attempt === undefined) return
      attempt.unanswered.splice(attempt.unanswered.indexOf(data), 1)
      const first = attempt.answeredAt === undefined
      attempt.answeredAt = connection.now
      attempt.joinUntil =
        connection.now +
        Math.max(
          LEAST_JOIN_US,
          JOIN_RTTS * (connection.recovery.smoothedRttUs ?? UNMEASURED_RTT_US),
        )
      stayOpen(connection, attempt)
      if (!first || !infers(connection)) return
      const { now: at } = connection
      emit({ type: 'path_validated', at, durationUs: at - attempt.openedAt })
    },
    path_reset(_event, connection) {
      connection.paths.resetSinceChallenge = true
    },
    connection_ended(_event, connection, emit) {
      const { now: at } = connection
      for (const attempt of connection.paths.attempts.splice(0)) {
        if (attempt.answeredAt !== undefined || !infers(connection)) continue
        const failed = at - attempt.openedAt >= SECOND_US
        emit({ type: failed ? 'path_validation_failed' : 'path_validation_abandoned', at })
      }
    },
  },
}

/** Its frames are all that tells of validations; false also once its producer turned out to tell them. */
function infers({ facts: { capabilities } }: Connection): boolean {
  return capabilities.pathValidations === true && capabilities.toldPaths === undefined
}

/** The attempt that a challenge sent now belongs to, if it does not open one. */
function attemptFor(connection: Connection, key: string | undefined): Attempt | undefined {
  const { attempts, resetSinceChallenge } = connection.paths
  if (key !== undefined) return attempts.find((attempt) => attempt.key === key)
  const last = attempts.at(-1)
  if (last === undefined || resetSinceChallenge) return undefined
  return last.unanswered.length > 0 || connection.now <= last.joinUntil ? last : undefined
}

function open(connection: Connection, key: string | undefined): Attempt {
  const patience = 3 * Math.max(probeTimeoutUs(connection.recovery), SECOND_US)
  const attempt: Attempt = {
    key,
    openedAt: connection.now,
    deadline: connection.now + patience,
    patience,
    lastChallengeAt: connection.now,
    unanswered: [],
    answeredAt: undefined,
    joinUntil: 0,
  }
  if (connection.paths.attempts.length === MOST) connection.paths.attempts.shift()
  connection.paths.attempts.push(attempt)
  return attempt
}

/** A validated attempt can be joined for as long after its latest challenge as it waited for the first. */
function stayOpen(connection: Connection, attempt: Attempt): void {
  attempt.deadline = attempt.lastChallengeAt + attempt.patience
  wakeFor(connection, attempt)
}

function wakeFor(connection: Connection, attempt: Attempt): void {
  connection.wakeAt = Math.min(connection.wakeAt, attempt.deadline + 1)
}
