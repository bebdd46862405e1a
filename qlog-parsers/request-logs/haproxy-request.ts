/** One NDJSON line of HAProxy's log as a request; the keys are those of docs/proxies/haproxy.md. */
import { MOST_BODY_BYTES, MOST_RETRIES } from '../decoding/bounds.ts'
import { asNumber, type Fields, type JsonObject } from '../decoding/fields.ts'
import { type Aborter, type Attempt, methodOf, protocolOf, type Request } from '../log-events.ts'
import { told } from './json-line.ts'

/** Without one of these a line is not of this format. */
export const NEEDED_KEYS = ['ST', 'Ta', 'Tr', 'B', 'b', 's', 'tsc', 'rc', 'http', 'm'] as const

/** Timers and statuses that there are not are −1; `-` and `<NOSRV>` are other words for none. */
const NUMBERS = ['ST', 'Ta', 'Tr'] as const

const MILLISECOND_US = 1000
const SERVICE_UNAVAILABLE = 503

/** The request of a line, without what it tells of the client. */
export function requestOf(record: JsonObject, fields: Fields): Request {
  const line = valuesOf(record)
  const status = fields.count(line, 'ST', 999)
  const durationUs = fields.duration(line, 'Ta', MILLISECOND_US)
  const bytes = fields.count(line, 'B', MOST_BODY_BYTES)
  const retries = fields.count(line, 'rc', MOST_RETRIES)
  const state = fields.text(line, 'tsc') ?? ''
  const abortedBy = aborterOf(state)
  const attempt = attemptOf(line, status, abortedBy, fields)
  return {
    type: 'request',
    protocol: protocolOf(line.http),
    status: status || undefined,
    method: methodOf(line.m),
    ...(durationUs === undefined ? {} : { durationUs }),
    ...(bytes === undefined ? {} : { responseBytes: bytes }),
    ...(abortedBy === undefined ? {} : { abortedBy }),
    ...(attempt === undefined ? {} : { attempts: [attempt] }),
    ...(attempt === undefined && status === SERVICE_UNAVAILABLE && NO_SERVER.test(state)
      ? { withoutBackend: true }
      : {}),
    ...(retries === undefined ? {} : { retries }),
  }
}

function valuesOf(record: JsonObject): JsonObject {
  const line: Record<string, unknown> = { ...told(record, NEEDED_KEYS) }
  for (const key of NUMBERS) if (asNumber(line[key]) === -1) delete line[key]
  // A plus sign: the last try was sent to another server (option redispatch).
  if (typeof line.rc === 'string') line.rc = line.rc.replace(/^\+/, '')
  return line
}

/** No server could be asked, or none became free in the queue. */
const NO_SERVER = /^[Ss][CQ]/

/**
 * Who broke off, from the termination state (HAProxy configuration manual, "Session state at
 * disconnection"): its first letter says who, the second in which phase. The client may go at any time;
 * everybody else only while the response is under way, before that HAProxy answers in full.
 */
function aborterOf(state: string): Aborter | undefined {
  const [who = '', phase = ''] = state
  if (/[Cc]/.test(who)) return 'client'
  if (!/[DL]/.test(phase)) return undefined
  if (/[Ss]/.test(who)) return 'server'
  return /[PRIDUK]/.test(who) ? 'proxy' : undefined
}

/** The last server that was tried: HAProxy names no other. */
function attemptOf(
  line: JsonObject,
  status: number | undefined,
  abortedBy: Aborter | undefined,
  fields: Fields,
): Attempt | undefined {
  const backend = fields.text(line, 'b')
  const server = fields.text(line, 's')
  const durationUs = fields.duration(line, 'Tr', MILLISECOND_US)
  // `<NOSRV>`, `<STATS>`, `<PROMEX>` and the like are no servers.
  if (backend === undefined || server === undefined || server.startsWith('<')) return undefined
  // What a client that gave up is answered is no word about the server.
  const isOfServer = durationUs !== undefined || abortedBy !== 'client'
  return {
    backend: `${backend}/${server}`,
    ...(status && isOfServer ? { status } : {}),
    ...(durationUs === undefined ? {} : { durationUs }),
  }
}
