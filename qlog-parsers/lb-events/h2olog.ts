/**
 * h2olog, h2o's own event log: one JSON object a line, all connections of a server in one stream, told apart
 * by `conn`. The tracer on probes writes types and keys with hyphens, h2o's own socket with underscores; both
 * are read. Proven by documentation and sources only (h2o: "Using h2olog for Tracing"; quicly's probes).
 */
import { Fields, type JsonObject } from '../decoding/fields.ts'
import { parseRecord } from '../decoding/json-path.ts'
import type { QuicEvent } from '../events.ts'
import type { LineOutcome, LineOutput, LineReader, LogDialect } from '../log-dialect.ts'
import { H2OLOG_EVENTS, pathFrame } from './h2olog-events.ts'
import { PATH_LINES, UNREAD_LINES } from './h2olog-lines.ts'
import { H2ologPaths } from './h2olog-paths.ts'

/** Connections to backends that are remembered, to leave them out. */
const MOST_CLIENTS = 10_000

/** Lines of h2o itself and of its TLS library, which name their module. */
const OTHER_MODULE = 'other-module'

type Saved = readonly [clients: readonly string[], paths: Parameters<H2ologPaths['restore']>[0]]

class H2ologReader implements LineReader {
  readonly #fields = new Fields()
  readonly #paths = new H2ologPaths()
  /** Connections that h2o opened itself, to its backends. */
  readonly #clients = new Set<string>()

  read(bytes: Uint8Array, start: number, end: number, out: LineOutput): LineOutcome {
    const record = parseRecord(bytes, start, end)
    if (typeof record === 'string') return { kind: 'rejected', reason: record }
    if (typeof record.type !== 'string') return { kind: 'rejected', reason: 'schema' }
    const line = hyphenated(record)
    const type = record.type.replaceAll('_', '-')
    const at = this.#fields.milliseconds(line, 'time', Number.MAX_SAFE_INTEGER)
    if (this.#fields.takeRejected() > 0) return { kind: 'rejected', reason: 'time' }
    if (line.module !== undefined && line.module !== 'quicly') {
      return { kind: 'unread', name: OTHER_MODULE, at }
    }
    if (UNREAD_LINES.includes(type)) return { kind: 'unread', name: type, at }
    const isRead =
      Object.hasOwn(H2OLOG_EVENTS, type) || PATH_LINES.includes(type) || type === 'connect'
    if (!isRead) return { kind: 'unknown' }
    const conn = this.#fields.count(line, 'conn')
    if (conn === undefined || at === undefined) {
      this.#fields.takeRejected()
      return { kind: 'rejected', reason: 'schema' }
    }
    return this.#tell(type, String(conn), line, at, out)
  }

  state(): Saved | undefined {
    const paths = this.#paths.state()
    return this.#clients.size + paths.length === 0 ? undefined : [[...this.#clients], paths]
  }

  restore(state: unknown): void {
    const [clients, paths] = state as Saved
    for (const client of clients) this.#clients.add(client)
    this.#paths.restore(paths)
  }

  #tell(type: string, conn: string, line: JsonObject, at: number, out: LineOutput): LineOutcome {
    if (type === 'connect') remember(this.#clients, conn)
    if (type === 'accept') this.#clients.delete(conn)
    if (this.#clients.has(conn)) {
      if (type === 'free') this.#clients.delete(conn)
      return { kind: 'unread', name: type, at }
    }
    const events = H2OLOG_EVENTS[type]?.(line, at, this.#fields) ?? this.#path(type, conn, line, at)
    const rejectedValues = this.#fields.takeRejected()
    if (events === undefined) return { kind: 'rejected', reason: 'schema' }
    if (type === 'quictrace-cc-ack') out.become(withRtt)
    if (type === 'retire-connection-id-receive') this.#paths.peerMoved(conn)
    if (type === 'accept') this.#paths.forget(conn)
    const settled = type === 'free' ? this.#paths.ended(conn, at) : []
    for (const event of [...settled, ...events]) out.quic(conn, event)
    return { kind: 'read', name: type, at, rejectedValues }
  }

  /** What a line says of a path; undefined if it lacks what it must have. */
  #path(
    type: string,
    conn: string,
    line: JsonObject,
    at: number,
  ): readonly QuicEvent[] | undefined {
    const frame = pathFrame(type, '', at)
    if (frame !== undefined) return this.#frame(type, conn, line, at)
    const index = this.#fields.count(line, 'path-index', 255)
    if (index === undefined) return undefined
    if (type === 'new-path') this.#paths.opened(conn, index, at)
    else if (type === 'elicit-path-migration') this.#paths.elicited(conn, index)
    else if (type === 'promote-path') return [this.#paths.promoted(conn, index, at)]
    else return this.#paths.deleted(conn, index, at)
    return []
  }

  #frame(
    type: string,
    conn: string,
    line: JsonObject,
    at: number,
  ): readonly QuicEvent[] | undefined {
    const data = this.#fields.text(line, 'data')
    const frame = data === undefined ? undefined : pathFrame(type, data, at)
    if (data === undefined || frame === undefined) return undefined
    if (type === 'path-challenge-send') this.#paths.challenged(conn, data, at)
    if (type === 'path-challenge-receive') this.#paths.peerMoved(conn)
    const validated =
      type === 'path-response-receive' ? this.#paths.answered(conn, data, at) : undefined
    return validated === undefined ? [frame] : [frame, validated]
  }
}

/** The same keys in one spelling. */
function hyphenated(record: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(record).map(([key, value]) => [key.replaceAll('_', '-'), value]),
  )
}

function remember(clients: Set<string>, conn: string): void {
  clients.add(conn)
  if (clients.size > MOST_CLIENTS) clients.delete(clients.values().next().value as string)
}

const base: LogDialect = {
  name: 'h2olog',
  producers: 'h2o (h2olog, or its socket, with the events of quicly)',
  advice: 'the tracer on probes tells round-trip times, the socket does not; leave no event out',
  capabilities: {
    connection: true,
    packets: true,
    sentBytes: true,
    handshake: true,
    errorCodes: true,
    zeroRtt: true,
    loss: ['unknown'],
    lossRatio: true,
    spuriousLoss: 'acks',
    pto: true,
    congestionWindow: true,
    bytesInFlight: true,
    pathFrames: true,
    pathValidations: true,
    pathDurations: true,
    pathAbandonments: true,
    migrationKinds: ['nat_rebinding', 'active'],
    migrationFailures: true,
    toldPaths: true,
    closeTriggers: ['idle_timeout', 'handshake_timeout', 'stateless_reset'],
  },
  rules: { handshake: 'handshake_done_frame', close: 'close_event_or_frame', migration: 'event' },
  tellsOpenings: true,
  lines: [
    ...new Set([
      ...Object.keys(H2OLOG_EVENTS),
      ...PATH_LINES,
      ...UNREAD_LINES,
      'connect',
      OTHER_MODULE,
    ]),
  ],
  open: () => new H2ologReader(),
}

/** `quictrace-cc-ack` comes from the tracer on probes only. */
const withRtt: LogDialect = {
  ...base,
  variant: 'rtt',
  capabilities: { ...base.capabilities, rtt: true },
}

export const h2olog: LogDialect = { ...base, variants: [withRtt] }
