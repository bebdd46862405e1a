/**
 * Envoy's access log with the `json_format` of docs/proxies/envoy.md: one JSON object a line, its values
 * typed or as text (docs: "Access logging", "Substitution formatter"). Proven by that documentation only.
 */
import { MOST_BODY_BYTES, MOST_RETRIES } from '../decoding/bounds.ts'
import type { Fields, JsonObject } from '../decoding/fields.ts'
import { wallClockUs } from '../decoding/wall-clock.ts'
import type { LineOutcome, LineOutput } from '../log-dialect.ts'
import { type Aborter, type Attempt, methodOf, protocolOf, type Request } from '../log-events.ts'
import type { Signals } from '../told-signals.ts'
import { jsonDialect, told } from './json-line.ts'

/** Keys of the documented format; a line that has none of the first two is another log's. */
const KEYS = [
  'protocol',
  'response_code',
  'start_time',
  'method',
  'response_code_details',
  'response_flags',
  'bytes_sent',
  'duration',
  'request_tx_duration',
  'response_duration',
  'upstream_host',
  'upstream_cluster',
  'upstream_request_attempt_count',
]

/**
 * Response flags that say who cut the request short; time limits of Envoy's own are its own doing. Before the
 * response has begun Envoy answers in full instead, unless the client is gone.
 */
const ABORTERS: Readonly<Record<string, Aborter>> = {
  DC: 'client',
  DR: 'client',
  UC: 'server',
  UR: 'server',
  UPE: 'server',
  UT: 'proxy',
  LR: 'proxy',
  SI: 'proxy',
  DT: 'proxy',
  UMSDR: 'proxy',
  OM: 'proxy',
}

/** Flags with which the status is Envoy's own, not that of the upstream host. */
const LOCAL_STATUS = new Set([
  'UF',
  'UC',
  'UR',
  'UT',
  'UPE',
  'LR',
  'DC',
  'DR',
  'SI',
  'DT',
  'UMSDR',
  'OM',
])

function read(record: JsonObject, fields: Fields, out: LineOutput): LineOutcome {
  if (!Object.hasOwn(record, 'protocol') && !Object.hasOwn(record, 'response_code')) {
    return { kind: 'unknown' }
  }
  const line = told(record, KEYS)
  const startedAt = wallClockUs(line.start_time)
  if (line.start_time !== undefined && startedAt === undefined) {
    return { kind: 'rejected', reason: 'time' }
  }
  const flags = (fields.text(line, 'response_flags') ?? '').split(',')
  const durationUs = fields.milliseconds(line, 'duration')
  const cluster = fields.text(line, 'upstream_cluster')
  out.emit(requestOf(line, fields, flags, durationUs))
  // The limits of Envoy's circuit breakers are those of a cluster: no host was chosen.
  if (flags.includes('UO')) out.emit({ type: 'breaker_rejection', backend: cluster ?? '' })
  const at = startedAt === undefined ? undefined : startedAt + (durationUs ?? 0)
  return { kind: 'read', name: 'request', at }
}

function requestOf(
  line: JsonObject,
  fields: Fields,
  flags: readonly string[],
  durationUs: number | undefined,
): Request {
  const status = fields.count(line, 'response_code', 999)
  const bytes = fields.count(line, 'bytes_sent', MOST_BODY_BYTES)
  const tries = fields.count(line, 'upstream_request_attempt_count', MOST_RETRIES + 1)
  const attempt = attemptOf(line, fields, flags, status || undefined)
  const isAnswered = isLocal(line, flags) && (status ?? 0) >= 400
  const aborter = flags
    .map((flag) => ABORTERS[flag])
    .find((one) => one !== undefined && (one === 'client' || !isAnswered))
  return {
    type: 'request',
    protocol: protocolOf(line.protocol),
    // 0: a response was never begun.
    status: status || undefined,
    ...(line.method === undefined ? {} : { method: methodOf(line.method) }),
    ...(durationUs === undefined ? {} : { durationUs }),
    ...(bytes === undefined ? {} : { responseBytes: bytes }),
    ...(aborter === undefined ? {} : { abortedBy: aborter }),
    ...(attempt === undefined ? {} : { attempts: [attempt] }),
    ...(flags.includes('UH') ? { withoutBackend: true } : {}),
    ...(tries === undefined ? {} : { retries: Math.max(0, tries - 1) }),
  }
}

/** The last host that was tried: Envoy names no others. */
function attemptOf(
  line: JsonObject,
  fields: Fields,
  flags: readonly string[],
  status: number | undefined,
): Attempt | undefined {
  const backend = fields.text(line, 'upstream_host')
  const sentAfter = fields.milliseconds(line, 'request_tx_duration')
  const answeredAfter = fields.milliseconds(line, 'response_duration')
  if (backend === undefined) return undefined
  const waited =
    sentAfter === undefined || answeredAfter === undefined ? -1 : answeredAfter - sentAfter
  return {
    backend,
    ...(isLocal(line, flags) || status === undefined ? {} : { status }),
    // An answer that began before the request was sent says nothing of how fast the host is.
    ...(waited < 0 ? {} : { durationUs: waited }),
  }
}

/** Whether the status is Envoy's own. */
function isLocal(
  { response_code_details: details }: JsonObject,
  flags: readonly string[],
): boolean {
  if (typeof details !== 'string') return flags.some((flag) => LOCAL_STATUS.has(flag))
  return details !== 'via_upstream' && !details.startsWith('upstream_reset_after_response_started')
}

/** What each key of the format gives; those that an operator leaves out give nothing. */
const SIGNALS: Signals = {
  method: { requestMethods: true },
  duration: { requestDurations: true },
  bytes_sent: { responseBytes: true },
  response_flags: {
    aborts: ['client', 'server', 'proxy'],
    withoutBackend: true,
    breakerRejections: true,
  },
  upstream_host: { backendRequests: true },
  response_duration: { backendDurations: true },
  upstream_request_attempt_count: { requestRetries: true },
}

export const envoy = jsonDialect(
  {
    name: 'envoy',
    producers: 'Envoy (access log with the documented json_format)',
    advice: 'the json_format of docs/proxies/envoy.md; aliases of backends for hosts and clusters',
    capabilities: { requests: true },
    rules: { handshake: 'none', close: 'none', migration: 'none' },
    lines: ['request'],
  },
  SIGNALS,
  read,
)
