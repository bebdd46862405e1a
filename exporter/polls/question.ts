/** What every way of asking a balancer has in common: bounds, and why there was no answer. */
import type { PollFailure } from '../collectors/tailing.ts'

/** Asks once; ends early, with an error, when the signal says so. Throws a `PollError` if there is no answer. */
export type Ask = (signal: AbortSignal) => Promise<Uint8Array>

/** Bytes of the longest answer that is taken. */
export const MOST_ANSWER_BYTES = 4 << 20

/** No answer. */
export class PollError extends Error {
  readonly reason: PollFailure

  constructor(reason: PollFailure) {
    super(reason)
    this.reason = reason
  }
}

const REASONS: Readonly<Record<string, PollFailure>> = {
  ECONNREFUSED: 'unreachable',
  ENOENT: 'unreachable',
  ENOTFOUND: 'unreachable',
  EAI_AGAIN: 'unreachable',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  ENOTSOCK: 'unreachable',
  EPROTOTYPE: 'unreachable',
  EACCES: 'permission',
  EPERM: 'permission',
  ETIMEDOUT: 'timeout',
  ABORT_ERR: 'timeout',
  ECONNRESET: 'closed',
  EPIPE: 'closed',
}

/** The counted reason of whatever was thrown. */
export function failureOf(error: unknown): PollFailure {
  if (error instanceof PollError) return error.reason
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  // What is no HTTP at all.
  if (code.startsWith('HPE_')) return 'content'
  return REASONS[code] ?? 'other'
}

/** Takes an answer piece by piece; throws `too_large` once it is longer than any that is taken. */
export async function collected(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = []
  let length = 0
  for await (const piece of pieces) {
    length += piece.length
    if (length > MOST_ANSWER_BYTES) throw new PollError('too_large')
    all.push(piece)
  }
  return Buffer.concat(all, length)
}
