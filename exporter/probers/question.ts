/** One question to an HTTP backend, and the beginning of its answer, the same for every version of HTTP. */
import type { Readable } from 'node:stream'

export interface Question {
  readonly method: string
  readonly scheme: 'http' | 'https'
  /** `Host`, `:authority`. */
  readonly authority: string
  /** Path and query, as they are sent. */
  readonly path: string
}

/** An answer whose header was read and whose body was not. */
export interface Answer {
  readonly status: number
  readonly location: string | undefined
  readonly body: Readable
  /** Once the body is closed: undefined if all of it came, else what is wrong. */
  missing(receivedBytes: number): string | undefined
}

/** What is told of us to a backend; nothing is asked for in a form in which no text could be found. */
export const HEADERS = {
  'user-agent': 'quic-lb-exporter',
  accept: '*/*',
  'accept-encoding': 'identity',
} as const
