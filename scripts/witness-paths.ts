// The witness's own reading of path validations and migrations.

import type { Life } from './witness-life.ts'
import { type Kind, kindOf } from './witness-moves.ts'
import { hasReset, rttBefore } from './witness-rtt.ts'
import { framesOf, type QlogEvent, type Stream } from './witness-stream.ts'

/** The validation of one path; times in microseconds. */
export interface Attempt {
  readonly openedAt: number
  readonly finishedAt: number
  /** Index of the event that finished it; a half less where a deadline passed before that event. */
  readonly position: number
  readonly outcome: 'validated' | 'failed' | 'abandoned'
  readonly kind: Kind
}

interface Challenge {
  readonly index: number
  readonly t: number
  readonly data: string | undefined
  /** Index and time of its PATH_RESPONSE. */
  answer: { readonly index: number; readonly t: number } | undefined
}

interface Open {
  readonly openedAt: number
  /** How long it may stay unanswered: 3 × max(PTO, 1 s), the PTO taken when it opened. */
  readonly patience: number
  readonly dcid: string | undefined
  readonly challenges: Challenge[]
  finish: Pick<Attempt, 'finishedAt' | 'position' | 'outcome'> | undefined
}

/** All attempts of one connection in the order in which they finished. */
export function attemptsOf(stream: Stream, life: Life): Attempt[] {
  const alive = stream.events.slice(0, life.lastIndex + 1)
  const finished = walk(stream, life, alive)
    .map((attempt) => ({ openedAt: attempt.openedAt, ...settled(attempt, life) }))
    .sort((a, b) => a.position - b.position || a.finishedAt - b.finishedAt)
  return finished.map((attempt, i) => {
    // Of attempts that the end finishes together, the later one finds no sign left.
    const previous = Math.max(life.handshakeIndex, finished[i - 1]?.position ?? -1)
    return { ...attempt, kind: kindOf(alive, previous, attempt.position) }
  })
}

function walk(stream: Stream, life: Life, alive: readonly QlogEvent[]): Open[] {
  const attempts: Open[] = []
  for (const [index, event] of alive.entries()) {
    expire(attempts, index, event.t)
    // The packet with HANDSHAKE_DONE itself is not "after handshake completion".
    if (life.handshakeIndex < 0 || index <= life.handshakeIndex) continue
    for (const frame of framesOf(event)) {
      if (event.name === 'packet_sent' && frame.frame_type === 'path_challenge') {
        const challenge = { index, t: event.t, data: frame.data, answer: undefined }
        const joined = attempts.findLast((attempt, i) => {
          const isLast = i === attempts.length - 1
          return joins(stream, attempt, isLast, index, event)
        })
        if (joined) joined.challenges.push(challenge)
        else attempts.push(opened(stream, index, event, challenge))
      }
      if (event.name === 'packet_received' && frame.frame_type === 'path_response') {
        answer(attempts, index, event.t, frame.data)
      }
    }
  }
  return attempts
}

function expire(attempts: readonly Open[], index: number, now: number): void {
  for (const attempt of attempts) {
    const deadline = attempt.openedAt + attempt.patience
    if (attempt.finish !== undefined || now < deadline) continue
    attempt.finish = { finishedAt: deadline, position: index - 0.5, outcome: 'failed' }
  }
}

// RFC 9000 section 8.2.4 and RFC 9002 section 6.2.1, with the values in force at the opening.
function opened(stream: Stream, index: number, event: QlogEvent, first: Challenge): Open {
  const { smoothed = 333_000, variation = smoothed / 2 } = rttBefore(stream, index)
  const ackDelay = stream.events
    .slice(0, index)
    .filter(({ name, data }) => name === 'parameters_set' && ownerOf(data) === 'remote')
    .findLast(({ data }) => data.max_ack_delay !== undefined)?.data.max_ack_delay
  const pto = smoothed + Math.max(4 * variation, 1000) + (ackDelay ?? 25) * 1000
  return {
    openedAt: event.t,
    patience: 3 * Math.max(Math.round(pto), 1_000_000),
    dcid: event.data.header?.dcid,
    challenges: [first],
    finish: undefined,
  }
}

// One that was answered goes on for as long again after each of its challenges: ngtcp2 then
// validates the old path, which is no second move (docs/decisions/0003).
function isOver({ finish, openedAt, patience, challenges }: Open, now: number): boolean {
  const latest = challenges.at(-1)?.t ?? openedAt
  return now >= (finish?.outcome === 'validated' ? latest : openedAt) + patience
}

function ownerOf(data: QlogEvent['data']): string | undefined {
  return data.owner ?? data.initiator
}

function joins(
  stream: Stream,
  attempt: Open,
  isLast: boolean,
  index: number,
  next: QlogEvent,
): boolean {
  if (isOver(attempt, next.t)) return false
  const dcid = next.data.header?.dcid
  if (dcid !== undefined) return attempt.dcid === dcid
  const previous = attempt.challenges.at(-1)?.index ?? 0
  if (!isLast || hasReset(stream, previous, index)) return false
  const answers = attempt.challenges
    .map((challenge) => challenge.answer)
    .filter((one) => one !== undefined)
    .sort((a, b) => a.index - b.index)
  const last = answers.at(-1)
  if (!last || answers.length < attempt.challenges.length) return true
  // The round trip that was smoothed when the last response came.
  const { smoothed = 333_000 } = rttBefore(stream, last.index)
  return next.t - last.t <= Math.max(10_000, 1.5 * smoothed)
}

// By data, or in order where frames carry none; a path that was given up is not answered any more.
function answer(attempts: readonly Open[], index: number, t: number, data: string | undefined) {
  for (const attempt of attempts) {
    if (isOver(attempt, t)) continue
    const challenge = attempt.challenges.find(
      (one) => one.answer === undefined && (data === undefined || one.data === data),
    )
    if (!challenge) continue
    challenge.answer = { index, t }
    attempt.finish ??= { finishedAt: t, position: index, outcome: 'validated' }
    return
  }
}

function settled(attempt: Open, life: Life): NonNullable<Open['finish']> {
  if (attempt.finish) return attempt.finish
  const outcome = life.end - attempt.openedAt >= 1_000_000 ? 'failed' : 'abandoned'
  return { finishedAt: life.end, position: life.lastIndex, outcome }
}
