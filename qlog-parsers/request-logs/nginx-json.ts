/**
 * nginx's access log in JSON, with the keys of our documented `log_format` (docs/proxies/nginx.md). nginx
 * quotes nothing itself: every value may come as text, and `escape=json` is needed.
 */
import { MOST_BODY_BYTES } from '../decoding/bounds.ts'
import type { Fields, JsonObject } from '../decoding/fields.ts'
import { wallClockUs } from '../decoding/wall-clock.ts'
import type { LineOutcome, LineOutput, LogDialect } from '../log-dialect.ts'
import { type Aborter, methodOf, type Protocol, protocolOf, type Request } from '../log-events.ts'
import { jsonLines, told } from './json-line.ts'
import { UPSTREAM_KEYS, type Upstreams, upstreamsOf } from './nginx-json-upstreams.ts'

/** Without one of these a line is not of this format. */
const NEEDED = ['status', 'method', 'request_time', 'bytes_sent', 'request_completion'] as const
const KEYS = [...NEEDED, 'msec', 'http3', 'proto', ...UPSTREAM_KEYS]

const SECOND_US = 1_000_000
const SWITCHING_PROTOCOLS = 101
/** nginx's own: the connection is closed without an answer; the client went away first. */
const NO_RESPONSE = 444
const CLIENT_CLOSED_REQUEST = 499

const has = (record: JsonObject, key: string) => Object.hasOwn(record, key)

function read(record: JsonObject, fields: Fields, out: LineOutput): LineOutcome {
  if (!NEEDED.every((key) => has(record, key))) return { kind: 'rejected', reason: 'schema' }
  const line = told(record, KEYS)
  const at = wallClockUs(line.msec)
  if (line.msec !== undefined && at === undefined) return { kind: 'rejected', reason: 'time' }
  const tellsUpstreams = has(record, 'upstream_addr') && has(record, 'upstream_status')
  if (tellsUpstreams) out.become(withUpstreams)
  out.emit(requestOf(line, fields, tellsUpstreams ? upstreamsOf(line, fields) : {}))
  return { kind: 'read', name: 'request', at }
}

function requestOf(line: JsonObject, fields: Fields, upstreams: Upstreams): Request {
  const status = fields.count(line, 'status', 999)
  const durationUs = fields.duration(line, 'request_time', SECOND_US)
  const bytes = fields.count(line, 'bytes_sent', MOST_BODY_BYTES)
  const abortedBy = aborterOf(status, line.request_completion)
  return {
    type: 'request',
    protocol: protocolIn(line),
    status: status || undefined,
    method: methodOf(line.method),
    ...(durationUs === undefined ? {} : { durationUs }),
    ...(bytes === undefined ? {} : { responseBytes: bytes }),
    ...(abortedBy === undefined ? {} : { abortedBy }),
    ...upstreams,
  }
}

/** `$http3` is `h3`, `hq` or empty; `$server_protocol` has no word for HTTP/3 over plain QUIC (`hq`). */
function protocolIn({ http3, proto }: JsonObject): Protocol {
  return protocolOf(http3 ?? proto)
}

/**
 * A backend that breaks off does not show: nginx completes the response (1.30). A connection that now speaks
 * another protocol has no end that would be a completion.
 */
function aborterOf(status: number | undefined, completion: unknown): Aborter | undefined {
  if (status === CLIENT_CLOSED_REQUEST) return 'client'
  if (status === NO_RESPONSE) return 'proxy'
  return completion === 'OK' || status === SWITCHING_PROTOCOLS ? undefined : 'client'
}

const base: LogDialect = {
  name: 'nginx-json',
  producers: 'nginx (access log in JSON, documented log_format)',
  advice: 'the documented log_format with escape=json; its upstream_ keys tell of backends',
  capabilities: {
    requests: true,
    requestMethods: true,
    requestDurations: true,
    responseBytes: true,
    aborts: ['client', 'proxy'],
  },
  rules: { handshake: 'none', close: 'none', migration: 'none' },
  lines: ['request'],
  open: () => jsonLines(read),
}

const withUpstreams: LogDialect = {
  ...base,
  variant: 'upstreams',
  capabilities: {
    ...base.capabilities,
    backendRequests: true,
    backendDurations: true,
    requestRetries: true,
    withoutBackend: true,
  },
}

export const nginxJson: LogDialect = { ...base, variants: [withUpstreams] }
