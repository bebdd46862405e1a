/**
 * Caddy's access log (one JSON object a line, logger `http.log.access…`), and the lines of its active health
 * checker where both go to one file. It names the upstream of a request only with `log_append`.
 */
import type { Capabilities } from '../capabilities.ts'
import { type Fields, isObject, type JsonObject } from '../decoding/fields.ts'
import { wallClockUs } from '../decoding/wall-clock.ts'
import type { LineOutcome, LineOutput, LineReader, LogDialect } from '../log-dialect.ts'
import { CHECK_FAILED, FailedChecks, HOST_IS_UP } from './caddy-health.ts'
import { requestOf, tells } from './caddy-request.ts'
import { jsonLines } from './json-line.ts'

const HEALTH_CHECKER = 'http.handlers.reverse_proxy.health_checker.active'

class CaddyReader implements LineReader {
  readonly #checks = new FailedChecks()
  readonly #lines = jsonLines((record, fields, out) => this.#read(record, fields, out))

  read(bytes: Uint8Array, start: number, end: number, out: LineOutput): LineOutcome {
    return this.#lines.read(bytes, start, end, out)
  }

  state(): unknown {
    return this.#checks.state
  }

  restore(state: unknown): void {
    this.#checks.restore(state)
  }

  #read(record: JsonObject, fields: Fields, out: LineOutput): LineOutcome {
    const { logger, msg, level, ts } = record
    const at = wallClockUs(ts)
    if (ts !== undefined && at === undefined) return { kind: 'rejected', reason: 'time' }
    if (typeof logger === 'string' && /^http\.log\.access(\.|$)/.test(logger)) {
      return this.#request(record, at, fields, out)
    }
    if (logger === HEALTH_CHECKER && typeof record.host === 'string') {
      const name = this.#health(msg, record.host, at ?? 0, out)
      if (name !== undefined) return { kind: 'read', name, at }
    }
    const isRuntime = typeof level === 'string' && typeof msg === 'string'
    return isRuntime ? { kind: 'unread', name: 'runtime', at } : { kind: 'unknown' }
  }

  #request(
    record: JsonObject,
    at: number | undefined,
    fields: Fields,
    out: LineOutput,
  ): LineOutcome {
    if (!isObject(record.request)) return { kind: 'rejected', reason: 'schema' }
    const shown = tells(record)
    if (shown !== undefined) out.become(VARIANTS[shown])
    const request = requestOf(record, record.request, fields)
    out.emit(request)
    const backend = request.attempts?.[0]?.backend
    const { durationUs } = request
    if (backend !== undefined && at !== undefined && durationUs !== undefined) {
      const isUsed = this.#checks.used(backend, at - durationUs)
      if (isUsed) out.emit({ type: 'backend_reported', backend, up: true })
    }
    return { kind: 'read', name: 'request', at }
  }

  #health(msg: unknown, backend: string, at: number, out: LineOutput): string | undefined {
    const failed = CHECK_FAILED.has(msg)
    if (!failed && msg !== HOST_IS_UP) return undefined
    if (failed) this.#checks.failed(backend, at)
    else this.#checks.up(backend)
    out.become(VARIANTS.health)
    out.emit({ type: 'backend_reported', backend, up: !failed })
    return failed ? 'health_check_failed' : 'host_is_up'
  }
}

const base: LogDialect = {
  name: 'caddy',
  producers: 'Caddy 2 (access log in JSON)',
  advice:
    '`log_append` of upstream, upstream_latency_ms and upstream_retries names backends; the health ' +
    "checker's lines in the same file say which are up",
  capabilities: {
    requests: true,
    requestMethods: true,
    requestDurations: true,
    responseBytes: true,
    aborts: ['client', 'unknown'],
  },
  rules: { handshake: 'none', close: 'none', migration: 'none' },
  lines: ['request', 'health_check_failed', 'host_is_up', 'runtime'],
  open: () => new CaddyReader(),
}

/** What some lines show that others do not. */
const VARIANTS = {
  upstream: variant('upstream', { backendRequests: true }),
  tries: variant('tries', {
    backendRequests: true,
    backendDurations: true,
    requestRetries: true,
    withoutBackend: true,
  }),
  health: variant('health', { reportedUp: true }),
}

function variant(name: string, more: Capabilities): LogDialect {
  return { ...base, variant: name, capabilities: { ...base.capabilities, ...more } }
}

export const caddy: LogDialect = { ...base, variants: Object.values(VARIANTS) }
