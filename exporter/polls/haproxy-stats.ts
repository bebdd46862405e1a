/** How HAProxy is asked: `show stat` on its runtime socket, or a GET of its Prometheus page. */
import type { PollUrl } from '../config/poll-url.ts'
import { httpAnswer } from './http-answer.ts'
import type { Ask } from './question.ts'
import { socketAnswer } from './socket-answer.ts'

/** `show info` says which process it is: its successor counts from 0. */
const COMMAND = 'show info;show stat\n'

/** No more than what is read: QUIC is among the extra counters (HAProxy ≥ 3.0). */
const SCOPES = '?extra-counters&scope=global&scope=frontend&scope=server'

export function askHaproxy(url: PollUrl): Ask {
  if (url.form === 'unix') return (signal) => socketAnswer(url.socketPath, COMMAND, signal)
  const { host, port } = url
  const path = url.path.includes('?') ? url.path : url.path + SCOPES
  return (signal) => httpAnswer({ host, port, path }, signal)
}
