/**
 * HAProxy's log with a log-format of one JSON object a line (docs/proxies/haproxy.md), and the text lines
 * about its servers in the same log.
 */
import { MOST_RTT_US } from '../decoding/bounds.ts'
import type { Fields, JsonObject } from '../decoding/fields.ts'
import { wallClockUs } from '../decoding/wall-clock.ts'
import type { LineOutcome, LineOutput, LineReader, LogDialect } from '../log-dialect.ts'
import { LostTotals } from './haproxy-loss.ts'
import { NEEDED_KEYS, requestOf } from './haproxy-request.ts'
import { TEXT_LINES, textLine } from './haproxy-text.ts'
import { jsonLines, told } from './json-line.ts'

const OPEN = 0x7b

/** What a syslog daemon puts before each message. */
const SYSLOG_PREFIX = /^[^{]{0,200}?haproxy\[\d+\]: /

const utf8 = new TextDecoder('utf-8', { fatal: true })
const has = (record: JsonObject, key: string) => Object.hasOwn(record, key)

class HaproxyReader implements LineReader {
  readonly #lost = new LostTotals()
  readonly #lines = jsonLines((record, fields, out) => this.#request(record, fields, out))

  read(bytes: Uint8Array, start: number, end: number, out: LineOutput): LineOutcome {
    if (bytes[start] === OPEN) return this.#lines.read(bytes, start, end, out)
    let text: string
    try {
      text = utf8.decode(bytes.subarray(start, end))
    } catch {
      return { kind: 'rejected', reason: 'utf8' }
    }
    const message = text.replace(SYSLOG_PREFIX, '')
    if (message.startsWith('{')) {
      return this.#lines.read(bytes, bytes.indexOf(OPEN, start), end, out)
    }
    const line = textLine(message)
    if (line === undefined) return { kind: 'unknown' }
    if (line.event !== undefined) out.emit(line.event)
    const kind = line.event === undefined ? 'unread' : 'read'
    return { kind, name: line.name, at: undefined }
  }

  state(): unknown {
    return this.#lost.state
  }

  restore(state: unknown): void {
    this.#lost.restore(state)
  }

  #request(record: JsonObject, fields: Fields, out: LineOutput): LineOutcome {
    if (!NEEDED_KEYS.every((key) => has(record, key))) return { kind: 'rejected', reason: 'schema' }
    const at = wallClockUs(record.ts)
    if (has(record, 'ts') && at === undefined) return { kind: 'rejected', reason: 'time' }
    const tellsBefore = has(record, 'fc_lost_before')
    const tellsClients =
      ['fc_rtt', 'fc_lost'].every((key) => has(record, key)) &&
      (tellsBefore || ['ci', 'cp'].every((key) => has(record, key)))
    const request = requestOf(record, fields)
    if (!tellsClients) {
      out.emit(request)
      return { kind: 'read', name: 'request', at }
    }
    out.become(withClients)
    const line = told(record, ['fc_rtt', 'fc_lost', 'fc_lost_before', 'ci', 'cp'])
    const clientRttUs = fields.duration(line, 'fc_rtt', 1, MOST_RTT_US)
    // Over TCP the kernel means something else by it.
    const isQuic = request.protocol === 'h3'
    const clientLost = isQuic ? this.#lost.rise(line, tellsBefore, fields) : undefined
    out.emit({
      ...request,
      ...(clientRttUs === undefined ? {} : { clientRttUs }),
      ...(clientLost === undefined ? {} : { clientLost }),
    })
    return { kind: 'read', name: 'request', at }
  }
}

const base: LogDialect = {
  name: 'haproxy',
  producers: 'HAProxy (log with the documented log-format)',
  advice: 'the documented log-format; its fc_rtt and fc_lost tell of clients',
  capabilities: {
    requests: true,
    requestMethods: true,
    requestDurations: true,
    responseBytes: true,
    aborts: ['client', 'server', 'proxy'],
    withoutBackend: true,
    backendRequests: true,
    backendDurations: true,
    requestRetries: true,
    reportedUp: true,
  },
  rules: { handshake: 'none', close: 'none', migration: 'none' },
  lines: ['request', ...TEXT_LINES],
  open: () => new HaproxyReader(),
}

const withClients: LogDialect = {
  ...base,
  variant: 'clients',
  capabilities: { ...base.capabilities, clientRtt: true, clientLoss: true },
}

export const haproxy: LogDialect = { ...base, variants: [withClients] }
