/** How each kind of balancer is asked: one line registers one, by the name of its dialect. */
import type { PollUrl } from '../config/poll-url.ts'
import { askCaddy } from './caddy-admin.ts'
import { askHaproxy } from './haproxy-stats.ts'
import type { Ask } from './question.ts'

export const QUESTIONS: Readonly<Record<string, (url: PollUrl) => Ask>> = {
  'haproxy-stats': askHaproxy,
  'caddy-admin': askCaddy,
}
