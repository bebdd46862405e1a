/** The fields of path validation and migration; the rules are in paths.ts and migration.ts. */

/** The validation of one path (RFC 9000 §8.2). */
export interface Attempt {
  /** Destination connection id of its challenges, where logged: names the path exactly. */
  readonly key: string | undefined
  readonly openedAt: number
  /** When it has failed if nothing answered, event time µs. */
  deadline: number
  /** How long it waits, by the probe timeout when it was opened, µs. */
  readonly patience: number
  lastChallengeAt: number
  /** Challenges not answered yet: their data, '' where the producer logs none. */
  readonly unanswered: string[]
  answeredAt: number | undefined
  /** Until when, event time µs, a further challenge belongs to it although all are answered. */
  joinUntil: number
}

export interface PathsState {
  /** Attempts that a response may still answer or a challenge may still join, oldest first. */
  readonly attempts: Attempt[]
  /** Challenges before and after a path reset belong to different paths. */
  resetSinceChallenge: boolean
  /** The last finished attempts all failed: one move that never worked. */
  inFailedRun: boolean
}

export function newPaths(): PathsState {
  return {
    attempts: [],
    resetSinceChallenge: false,
    inFailedRun: false,
  }
}
