/** How a source is, in a few words for people: what the counters of its page say one by one. */
import type { PollFailure } from './collectors/tailing.ts'

export interface SourceState {
  /** `down`: it gives nothing. `trouble`: some of it is not read. `waiting`: it will be. */
  readonly level: 'good' | 'waiting' | 'trouble' | 'down'
  readonly text: string
}

/** What is known of the files of a source now. */
export interface FilesNow {
  /** Whether the last scan succeeded. */
  readonly up: boolean
  readonly files: number
  readonly lagSeconds: number
  /** Why some file could not be read lately. */
  readonly refused: string | undefined
  readonly understandsNothing: boolean
}

/** Seconds by which a busy machine may be behind without anybody having to know. */
const USUAL_LAG_SECONDS = 5

export function stateOfFiles(now: FilesNow): SourceState {
  if (!now.up) return { level: 'down', text: 'down: a path cannot be scanned' }
  if (now.refused !== undefined) return { level: 'trouble', text: `not all read: ${now.refused}` }
  if (now.understandsNothing) return { level: 'trouble', text: 'nothing understood yet' }
  if (now.lagSeconds >= USUAL_LAG_SECONDS) {
    return { level: 'waiting', text: `behind by ${Math.round(now.lagSeconds)} s` }
  }
  return { level: 'good', text: now.files === 0 ? 'up, no file yet' : 'up' }
}

/** `last`: how the last question ended; undefined before the first. */
export function stateOfAnswers(last: PollFailure | 'good' | undefined): SourceState {
  if (last === undefined) return { level: 'waiting', text: 'not asked yet' }
  return last === 'good' ? { level: 'good', text: 'up' } : { level: 'down', text: `down: ${last}` }
}
