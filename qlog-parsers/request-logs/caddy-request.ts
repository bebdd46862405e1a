/** One line of Caddy's access log as a request. */
import { MOST_BODY_BYTES, MOST_RETRIES } from '../decoding/bounds.ts'
import { asNumber, type Fields, type JsonObject } from '../decoding/fields.ts'
import { type Attempt, methodOf, protocolOf, type Request } from '../log-events.ts'
import { told } from './json-line.ts'

/** What a line tells of upstreams: all keys of our documented `log_append`, only the name, or nothing. */
export type Told = 'tries' | 'upstream' | undefined

const ALWAYS = ['duration', 'size', 'status'] as const
const TRIES = ['upstream', 'upstream_latency_ms', 'upstream_retries'] as const

const KEYS = {
  nothing: ALWAYS,
  upstream: [...ALWAYS, 'upstream'],
  tries: [...ALWAYS, ...TRIES],
} as const

const SECOND_US = 1_000_000
const MILLISECOND_US = 1000
const SERVICE_UNAVAILABLE = 503

/** How much a line tells of upstreams. */
export function tells(record: JsonObject): Told {
  if (TRIES.every((key) => Object.hasOwn(record, key))) return 'tries'
  return Object.hasOwn(record, 'upstream') ? 'upstream' : undefined
}

/**
 * The request of a line. A handler that gives up, as the reverse proxy does when client or backend goes away
 * in the middle of a body, leaves a duration of exactly 0, whatever status was sent before. A status of 0
 * with a duration means that nothing had been answered yet when the client went away (Caddy 2.11).
 */
export function requestOf(record: JsonObject, request: JsonObject, fields: Fields): Request {
  const line = told(record, KEYS[tells(record) ?? 'nothing'])
  const gaveUp = asNumber(line.duration) === 0
  const durationUs = fields.duration(line, 'duration', SECOND_US)
  const bytes = fields.count(line, 'size', MOST_BODY_BYTES)
  const status = fields.count(line, 'status', 999)
  const retries = fields.count(line, 'upstream_retries', MOST_RETRIES)
  const attempt = attemptOf(line, status, fields)
  const abortedBy = gaveUp ? 'unknown' : status === 0 ? 'client' : undefined
  return {
    type: 'request',
    protocol: protocolOf(request.proto),
    status: status || undefined,
    method: methodOf(request.method),
    ...(gaveUp || durationUs === undefined ? {} : { durationUs }),
    ...(bytes === undefined ? {} : { responseBytes: bytes }),
    ...(abortedBy === undefined ? {} : { abortedBy }),
    ...(attempt === undefined ? {} : { attempts: [attempt] }),
    // Without a backend it counts how often it looked for one.
    ...(attempt === undefined || retries === undefined ? {} : { retries }),
    ...(attempt === undefined && retries !== undefined && status === SERVICE_UNAVAILABLE
      ? { withoutBackend: true }
      : {}),
  }
}

/** The last try: Caddy names no other. */
function attemptOf(
  line: JsonObject,
  status: number | undefined,
  fields: Fields,
): Attempt | undefined {
  const backend = fields.text(line, 'upstream')
  const durationUs = fields.duration(line, 'upstream_latency_ms', MILLISECOND_US)
  if (backend === undefined) return undefined
  return {
    backend,
    ...(status ? { status } : {}),
    ...(durationUs === undefined ? {} : { durationUs }),
  }
}
