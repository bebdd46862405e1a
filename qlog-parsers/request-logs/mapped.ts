/**
 * A request log of any form, one JSON object a line: the configuration says which key holds what. What is not
 * mapped cannot be told; a protocol or status that is not mapped counts as `other`.
 */
import type { Capabilities } from '../capabilities.ts'
import { MOST_BODY_BYTES, MOST_RETRIES, MOST_RTT_US } from '../decoding/bounds.ts'
import { type Fields, isObject, type JsonObject } from '../decoding/fields.ts'
import { wallClockUs } from '../decoding/wall-clock.ts'
import type {
  FieldMap,
  LineOutcome,
  LineOutput,
  LogDialect,
  LogSettings,
  MAPPED_FIELDS,
} from '../log-dialect.ts'
import { type Attempt, methodOf, protocolOf, type Request } from '../log-events.ts'
import { jsonLines, told } from './json-line.ts'

type Field = (typeof MAPPED_FIELDS)[number]
type Unit = 'seconds' | 'milliseconds' | 'microseconds' | 'nanoseconds'

/** µs of one of each unit. */
const UNITS: Readonly<Record<Unit, number>> = {
  seconds: 1e6,
  milliseconds: 1e3,
  microseconds: 1,
  nanoseconds: 1e-3,
}

/** One value of a record: the path is followed through own keys only. */
function valueAt(record: JsonObject, path: readonly string[]): unknown {
  let value: unknown = record
  for (const key of path) {
    if (!isObject(value) || !Object.hasOwn(value, key)) return undefined
    value = value[key]
  }
  return value
}

function openMapped({ fields: map }: LogSettings) {
  const paths = Object.entries(map).map(([field, path]) => [field, path.split('.')] as const)
  // Other records of the same log have neither of them.
  const showing = paths.filter(([field]) => field === 'protocol' || field === 'status')
  const needed = showing.length > 0 ? showing : paths
  return jsonLines((record, fields, out) => {
    if (needed.every(([, path]) => valueAt(record, path) === undefined)) return { kind: 'unknown' }
    const found = Object.fromEntries(paths.map(([field, path]) => [field, valueAt(record, path)]))
    return read(told(found, Object.keys(found)), fields, out)
  })
}

function read(line: JsonObject, fields: Fields, out: LineOutput): LineOutcome {
  const at = wallClockUs(line.time)
  if (line.time !== undefined && at === undefined) return { kind: 'rejected', reason: 'time' }
  const status = fields.count(line, 'status', 999)
  const durationUs = duration(line, fields, 'duration')
  const bytes = fields.count(line, 'response_bytes', MOST_BODY_BYTES)
  const retries = fields.count(line, 'retries', MOST_RETRIES)
  const clientRttUs = duration(line, fields, 'client_rtt', MOST_RTT_US)
  const attempt = attemptOf(line, fields)
  const request: Request = {
    type: 'request',
    protocol: protocolOf(line.protocol),
    status: status || undefined,
    ...(line.method === undefined ? {} : { method: methodOf(line.method) }),
    ...(durationUs === undefined ? {} : { durationUs }),
    ...(bytes === undefined ? {} : { responseBytes: bytes }),
    ...(attempt === undefined ? {} : { attempts: [attempt] }),
    ...(retries === undefined ? {} : { retries }),
    ...(clientRttUs === undefined ? {} : { clientRttUs }),
  }
  out.emit(request)
  return { kind: 'read', name: 'request', at }
}

function attemptOf(line: JsonObject, fields: Fields): Attempt | undefined {
  const backend = fields.text(line, 'backend')
  const status = fields.count(line, 'backend_status', 999)
  const durationUs = duration(line, fields, 'backend_duration')
  if (backend === undefined) return undefined
  return {
    backend,
    ...(status ? { status } : {}),
    ...(durationUs === undefined ? {} : { durationUs }),
  }
}

/** The value of the one unit that is mapped, µs. */
function duration(
  line: JsonObject,
  fields: Fields,
  name: string,
  most?: number,
): number | undefined {
  for (const [unit, us] of Object.entries(UNITS)) {
    const value = fields.duration(line, `${name}_${unit}`, us, most)
    if (value !== undefined) return value
  }
  return undefined
}

/** What a log can tell in which these are mapped. */
function capabilitiesOf(map: FieldMap): Capabilities {
  const has = (...names: readonly string[]) =>
    names.some((name) => Object.keys(map).some((field) => field === name || isUnitOf(field, name)))
  return {
    requests: true,
    ...(map.protocol === undefined ? { protocols: ['other'] } : {}),
    ...(map.status === undefined ? { codes: ['other'] } : {}),
    ...(has('method') ? { requestMethods: true } : {}),
    ...(has('duration') ? { requestDurations: true } : {}),
    ...(has('response_bytes') ? { responseBytes: true } : {}),
    ...(has('backend') ? { backendRequests: true } : {}),
    ...(has('backend') && has('backend_duration') ? { backendDurations: true } : {}),
    ...(has('retries') ? { requestRetries: true } : {}),
    ...(has('client_rtt') ? { clientRtt: true } : {}),
  }
}

function isUnitOf(field: string, name: string): boolean {
  return Object.hasOwn(UNITS, field.slice(name.length + 1)) && field.startsWith(`${name}_`)
}

const ALL: FieldMap = {
  protocol: 'protocol',
  status: 'status',
  method: 'method',
  duration_seconds: 'duration',
  response_bytes: 'bytes',
  backend: 'backend',
  backend_duration_seconds: 'backend_duration',
  retries: 'retries',
  client_rtt_milliseconds: 'rtt',
} satisfies { readonly [field in Field]?: string }

export const mapped: LogDialect = {
  name: 'mapped',
  producers: 'any proxy that writes one JSON object a request',
  advice: 'map more `fields`: each metric needs its own',
  capabilities: capabilitiesOf(ALL),
  rules: { handshake: 'none', close: 'none', migration: 'none' },
  lines: ['request'],
  configured: ({ fields }) => ({ ...mapped, capabilities: capabilitiesOf(fields) }),
  open: openMapped,
}
