/**
 * Traefik's access log in JSON (documentation: "Access logs", available fields). Durations are nanoseconds.
 * Proven by that documentation only.
 */
import { MOST_BODY_BYTES, MOST_RETRIES } from '../decoding/bounds.ts'
import { type Fields, isObject, type JsonObject } from '../decoding/fields.ts'
import { wallClockUs } from '../decoding/wall-clock.ts'
import type { LineOutcome, LineOutput } from '../log-dialect.ts'
import { type Attempt, methodOf, protocolOf, type Request } from '../log-events.ts'
import type { Signals } from '../told-signals.ts'
import { jsonDialect, told } from './json-line.ts'

const KEYS = [
  'RequestProtocol',
  'DownstreamStatus',
  'StartUTC',
  'StartLocal',
  'RequestMethod',
  'Duration',
  'DownstreamContentSize',
  'OriginStatus',
  'OriginDuration',
  'ServiceAddr',
  'ServiceURL',
  'RetryAttempts',
]

/** What Traefik answers a client that went away before its response. */
const CLIENT_CLOSED_REQUEST = 499

const NANOSECOND_US = 1e-3

function read(record: JsonObject, fields: Fields, out: LineOutput): LineOutcome {
  // Its own messages may go to the same file.
  if (!Object.hasOwn(record, 'RequestProtocol') && !Object.hasOwn(record, 'DownstreamStatus')) {
    return { kind: 'unknown' }
  }
  const line = told(record, KEYS)
  const started = line.StartUTC ?? line.StartLocal
  const startedAt = wallClockUs(started)
  if (started !== undefined && startedAt === undefined) return { kind: 'rejected', reason: 'time' }
  const request = requestOf(line, fields)
  out.emit(request)
  const at = startedAt === undefined ? undefined : startedAt + (request.durationUs ?? 0)
  return { kind: 'read', name: 'request', at }
}

function requestOf(line: JsonObject, fields: Fields): Request {
  const status = fields.count(line, 'DownstreamStatus', 999)
  const durationUs = fields.duration(line, 'Duration', NANOSECOND_US)
  const bytes = fields.count(line, 'DownstreamContentSize', MOST_BODY_BYTES)
  const retries = fields.count(line, 'RetryAttempts', MOST_RETRIES)
  const attempt = attemptOf(line, fields)
  return {
    type: 'request',
    protocol: protocolOf(line.RequestProtocol),
    status: status || undefined,
    ...(line.RequestMethod === undefined ? {} : { method: methodOf(line.RequestMethod) }),
    ...(durationUs === undefined ? {} : { durationUs }),
    ...(bytes === undefined ? {} : { responseBytes: bytes }),
    ...(status === CLIENT_CLOSED_REQUEST ? { abortedBy: 'client' } : {}),
    ...(attempt === undefined ? {} : { attempts: [attempt] }),
    ...(retries === undefined ? {} : { retries }),
  }
}

/** The last server that was tried; 0 stands for an answer that it did not give. */
function attemptOf(line: JsonObject, fields: Fields): Attempt | undefined {
  const status = fields.count(line, 'OriginStatus', 999)
  const durationUs = fields.duration(line, 'OriginDuration', NANOSECOND_US)
  const backend = fields.text(line, 'ServiceAddr') ?? hostOf(line.ServiceURL)
  if (backend === undefined) return undefined
  return {
    backend,
    ...(status ? { status } : {}),
    ...(status && durationUs !== undefined ? { durationUs } : {}),
  }
}

/** A URL as text, or as the object that earlier versions write. */
function hostOf(url: unknown): string | undefined {
  const host = isObject(url) ? url.Host : url
  return typeof host === 'string' && host !== '' ? host : undefined
}

/** What each field gives; those that an operator drops give nothing. */
const SIGNALS: Signals = {
  RequestMethod: { requestMethods: true },
  Duration: { requestDurations: true },
  DownstreamContentSize: { responseBytes: true },
  DownstreamStatus: { aborts: ['client'] },
  ServiceAddr: { backendRequests: true },
  ServiceURL: { backendRequests: true },
  OriginDuration: { backendDurations: true },
  RetryAttempts: { requestRetries: true },
}

export const traefik = jsonDialect(
  {
    name: 'traefik',
    producers: 'Traefik 2 and 3 (access log in JSON)',
    advice:
      'no filters: what they leave out is not counted; drop no field that docs/proxies/traefik.md lists',
    capabilities: { requests: true },
    rules: { handshake: 'none', close: 'none', migration: 'none' },
    lines: ['request'],
  },
  SIGNALS,
  read,
)
