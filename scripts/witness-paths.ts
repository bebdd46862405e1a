// The witness's own reading of path validations and migrations, worked out after the fact.
import { framesOf, isGuess, type Life, type QlogEvent, type Stream } from './witness-stream.ts'

/** The validation of one path; times in microseconds. */
export interface Attempt {
  readonly openedAt: number
  readonly finishedAt: number
  readonly outcome: 'validated' | 'failed' | 'abandoned'
  readonly kind: 'active' | 'nat_rebinding'
}

interface Challenge {
  readonly index: number
  readonly t: number
  readonly dcid: string | undefined
  /** Index of the event with its PATH_RESPONSE, Infinity if none came. */
  answer: number
}

type Group = Challenge[]

/** All attempts of one connection, in the order in which they opened. */
export function attemptsOf(stream: Stream, life: Life): Attempt[] {
  const { events } = stream
  const alive = events.slice(0, life.lastIndex + 1)
  const groups = groupChallenges(stream, life, challengesOf(alive, life))
  const outcomes = groups.map((group) => outcomeOf(alive, life, group))
  const finishes = outcomes.map((outcome) => outcome.index)
  return outcomes.map((outcome) => {
    const earlier = finishes.filter((index) => index < outcome.index)
    const previous = Math.max(life.handshakeIndex, ...earlier)
    return {
      openedAt: outcome.openedAt,
      finishedAt: outcome.finishedAt,
      outcome: outcome.outcome,
      kind: kindOf(alive, previous, outcome.index),
    }
  })
}

/** A move: each validated attempt, each run of failed ones (as they opened), any other abandoned. */
export function movesOf(attempts: readonly Attempt[]): { kind: string; failed: boolean }[] {
  const moves: { kind: string; failed: boolean }[] = []
  let inRun = false
  for (const attempt of attempts) {
    if (attempt.outcome === 'failed') {
      if (!inRun) moves.push({ kind: attempt.kind, failed: true })
      inRun = true
    } else if (attempt.outcome === 'validated' || !inRun) {
      moves.push({ kind: attempt.kind, failed: false })
      inRun = false
    }
  }
  return moves
}

function challengesOf(alive: readonly QlogEvent[], life: Life): Challenge[] {
  if (life.handshakeIndex < 0) return []
  const challenges: Challenge[] = []
  const datas: (string | undefined)[] = []
  alive.forEach((event, index) => {
    for (const frame of framesOf(event)) {
      if (event.name === 'packet_sent' && frame.frame_type === 'path_challenge') {
        // The packet with HANDSHAKE_DONE itself is not "after handshake completion".
        if (index <= life.handshakeIndex) continue
        const dcid = event.data.header?.dcid
        challenges.push({ index, t: event.t, dcid, answer: Number.POSITIVE_INFINITY })
        datas.push(frame.data)
      }
      if (event.name === 'packet_received' && frame.frame_type === 'path_response') {
        const open = challenges.find((challenge, i) => {
          if (challenge.answer < Number.POSITIVE_INFINITY) return false
          if (frame.data !== undefined) return datas[i] === frame.data
          return event.t < deadlineOf(alive, challenge)
        })
        if (open) open.answer = index
      }
    }
  })
  return challenges
}

function groupChallenges(stream: Stream, life: Life, challenges: readonly Challenge[]): Group[] {
  const alive = stream.events.slice(0, life.lastIndex + 1)
  const groups: Group[] = []
  for (const challenge of challenges) {
    const joined =
      challenge.dcid !== undefined
        ? groups.find((group) => sameOpenPath(alive, group, challenge))
        : groups.slice(-1).find((group) => continues(stream, alive, group, challenge))
    if (joined) joined.push(challenge)
    else groups.push([challenge])
  }
  return groups
}

function sameOpenPath(alive: readonly QlogEvent[], group: Group, next: Challenge): boolean {
  const first = group[0] as Challenge
  const answered = group.some((challenge) => challenge.answer < next.index)
  return first.dcid === next.dcid && !answered && next.t < deadlineOf(alive, first)
}

// Where the packet does not name the path. A failed attempt is finished: nothing joins it.
function continues(
  stream: Stream,
  alive: readonly QlogEvent[],
  group: Group,
  next: Challenge,
): boolean {
  const first = group[0] as Challenge
  const answers = group.map((challenge) => challenge.answer).filter((index) => index < next.index)
  if (answers.length === 0 && next.t >= deadlineOf(alive, first)) return false
  const previous = group[group.length - 1] as Challenge
  if (hasReset(stream, previous.index, next.index)) return false
  if (answers.length < group.length) return true
  return next.t - (alive[Math.max(...answers)]?.t ?? 0) <= 10_000
}

// quiche starts a new path with a record of guesses; in ngtcp2's records min_rtt vanishes.
function hasReset(stream: Stream, after: number, before: number): boolean {
  let hadMinimum = false
  for (const [index, { name, data }] of stream.events.entries()) {
    if (index >= before) return false
    if (name !== 'metrics_updated') continue
    const isReset =
      stream.writer === 'ngtcp2' ? hadMinimum && data.min_rtt === undefined : isGuess(data)
    if (isReset && index > after) return true
    hadMinimum = data.min_rtt !== undefined
  }
  return false
}

function outcomeOf(alive: readonly QlogEvent[], life: Life, group: Group) {
  const first = group[0] as Challenge
  const openedAt = first.t
  const deadline = deadlineOf(alive, first)
  const answer = Math.min(...group.map((challenge) => challenge.answer))
  const answeredAt = alive[answer]?.t ?? Number.POSITIVE_INFINITY
  if (answeredAt < deadline) {
    return { openedAt, finishedAt: answeredAt, index: answer, outcome: 'validated' as const }
  }
  if (life.end >= deadline) {
    const index = alive.findIndex((event) => event.t >= deadline)
    return { openedAt, finishedAt: deadline, index, outcome: 'failed' as const }
  }
  const outcome = life.end - openedAt >= 1_000_000 ? ('failed' as const) : ('abandoned' as const)
  return { openedAt, finishedAt: life.end, index: life.lastIndex, outcome }
}

// RFC 9000 section 8.2.4 and RFC 9002 section 6.2.1, with the values in force at the opening.
function deadlineOf(alive: readonly QlogEvent[], first: Challenge): number {
  let smoothed = 0
  let variation = 0
  let ackDelay = 25
  for (const { name, data } of alive.slice(0, first.index)) {
    if (name === 'parameters_set' && (data.owner ?? data.initiator) === 'remote') {
      ackDelay = data.max_ack_delay ?? ackDelay
    }
    if (name !== 'metrics_updated' || isGuess(data)) continue
    smoothed = data.smoothed_rtt ?? smoothed
    variation = data.rtt_variance ?? variation
  }
  const pto = Math.round((smoothed + Math.max(4 * variation, 1) + ackDelay) * 1000)
  return first.t + 3 * Math.max(pto, 1_000_000)
}

// Active if, after the previous attempt finished (or the handshake completed), the peer probed,
// retired an id or changed the one it uses. Go clients retire one while they shake hands.
function kindOf(alive: readonly QlogEvent[], from: number, last: number): Attempt['kind'] {
  let dcid: string | undefined
  for (const [index, event] of alive.entries()) {
    if (index > last) break
    if (event.name !== 'packet_received') continue
    const signs = /^(path_challenge|retire_connection_id)$/
    const signed = framesOf(event).some((frame) => signs.test(frame.frame_type))
    if (index > from && signed) return 'active'
    const header = event.data.header
    if (header?.packet_type !== '1RTT' || header.dcid === undefined) continue
    if (index > from && dcid !== undefined && dcid !== header.dcid) return 'active'
    dcid = header.dcid
  }
  return 'nat_rebinding'
}
