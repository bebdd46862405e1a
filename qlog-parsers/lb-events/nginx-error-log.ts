/**
 * nginx's own error log (`error_log … info`): moves of QUIC clients and failures of upstreams; at level
 * debug also what each QUIC connection does. Written by every nginx with HTTP/3, no patch needed. Its times
 * have no zone, so no wall clock is told; they are turned into one that never goes back.
 */
import type { Capabilities } from '../capabilities.ts'
import type { LineOutcome, LineOutput, LineReader, LogDialect } from '../log-dialect.ts'
import { DebugLines, type DebugState } from './nginx-error-debug.ts'
import { DEBUG_LINES } from './nginx-error-debug-lines.ts'
import { type ErrorLine, errorLineOf, numberAfter } from './nginx-error-line.ts'
import { Moves, type MovesState } from './nginx-error-moves.ts'
import { upstreamLineOf } from './nginx-error-upstreams.ts'

/** A longer pause between two lines counts as this long: no connection waits so long for a line. */
const MOST_PAUSE_US = 3_600_000_000
const MOST_SEQ = 2 ** 31

const INFO_LINES = [
  'path_migrated',
  'path_validated',
  'path_restored',
  'path_refused',
  'path_validation_failed',
  'client_timed_out',
  'stateless_reset_received',
  'unsupported_version',
  'version_mismatch',
  'token_rejected',
  'flood_detected',
  'keys_missing',
  'keepalive_closed',
  'upstream_failed',
  'upstream_disabled',
  'no_live_upstreams',
  'quic_other',
  'debug_other',
  'other',
] as const
type InfoName = (typeof INFO_LINES)[number]

/** Messages that are counted by their name only, by how they begin. */
const NAMED: readonly (readonly [string, InfoName])[] = [
  ['quic client timed out', 'client_timed_out'],
  ['quic unsupported version', 'unsupported_version'],
  ['quic version mismatch', 'version_mismatch'],
  ['quic expired token', 'token_rejected'],
  ['quic invalid token', 'token_rejected'],
  ['quic garbage token', 'token_rejected'],
  ['quic flood detected', 'flood_detected'],
  ['http3 flood detected', 'flood_detected'],
]
const KEYS_MISSING = /^quic no [a-z]{1,8} keys(?: ready)?, ignoring packet/
const KEEPALIVE_CLOSED = /^client [^ ]{1,64} closed keepalive connection/
const PATH_OUTCOME =
  /^quic path seq:(\d{1,10}) (?:addr:[^ ]{1,120} (successfully validated|is restored from backup)|(validation failed))/

/** All that a reader holds, as it is saved. */
interface State {
  readonly now: number
  readonly localUs?: number
  readonly isDebug: boolean
  readonly moves: MovesState
  readonly debug: DebugState
}

class Reader implements LineReader {
  readonly #moves = new Moves()
  readonly #debug = new DebugLines()
  /** Time since the first line, µs. */
  #now = 0
  /** Time of the last line as written. */
  #localUs: number | undefined
  #isDebug = false

  read(bytes: Uint8Array, start: number, end: number, out: LineOutput): LineOutcome {
    const line = errorLineOf(bytes, start, end)
    if (line === undefined) return { kind: 'unknown' }
    this.#tick(line.localUs)
    this.#moves.settle(this.#now, out)
    if (line.isDebug) return this.#readDebug(line, out)
    return read(this.#nameOf(line, out))
  }

  settle(forUs: number, isEnd: boolean, out: LineOutput): boolean {
    return this.#moves.settle(isEnd ? undefined : this.#now + forUs, out)
  }

  state(): State | undefined {
    if (this.#localUs === undefined) return undefined
    return {
      now: this.#now,
      localUs: this.#localUs,
      isDebug: this.#isDebug,
      moves: this.#moves.state(),
      debug: this.#debug.state(),
    }
  }

  restore(state: unknown): void {
    const { now, localUs, isDebug, moves, debug } = state as State
    this.#now = now
    this.#localUs = localUs
    this.#isDebug = isDebug
    this.#moves.restore(moves)
    this.#debug.restore(debug)
  }

  /** A clock that is set, or summer time that ends, must not make what waits older or younger. */
  #tick(localUs: number): void {
    const step = localUs - (this.#localUs ?? localUs)
    this.#now += Math.min(Math.max(step, 0), MOST_PAUSE_US)
    this.#localUs = localUs
  }

  #readDebug(line: ErrorLine, out: LineOutput): LineOutcome {
    if (!this.#isDebug && line.message.startsWith('quic ')) {
      this.#isDebug = true
      out.become(debugLog)
    }
    const name = this.#pathLine(line, out) ?? this.#debug.read(line, this.#now, out)
    if (name === 'unusable') return read('debug_other', 1)
    return read(name ?? 'debug_other')
  }

  #nameOf(line: ErrorLine, out: LineOutput): InfoName {
    const { connection, message } = line
    const upstream = upstreamLineOf(message)
    if (upstream !== undefined) {
      if (upstream.event !== undefined) out.emit(upstream.event)
      return upstream.name
    }
    const path = this.#pathLine(line, out)
    if (path !== undefined) return path
    if (message.startsWith('quic stateless reset packet detected')) {
      if (this.#isDebug && connection !== undefined) {
        const at = this.#now
        const end = { at, initiator: 'unknown', trigger: 'stateless_reset' } as const
        out.quic(connection, { type: 'connection_closed', ...end })
      }
      return 'stateless_reset_received'
    }
    const named = NAMED.find(([words]) => message.startsWith(words))
    if (named !== undefined) return named[1]
    if (KEYS_MISSING.test(message)) return 'keys_missing'
    if (KEEPALIVE_CLOSED.test(message)) return 'keepalive_closed'
    return message.startsWith('quic ') ? 'quic_other' : 'other'
  }

  #pathLine({ connection, message }: ErrorLine, out: LineOutput): InfoName | undefined {
    if (connection === undefined || !message.startsWith('quic ')) return undefined
    const at = this.#now
    if (message.startsWith('quic migrated to path seq:')) {
      const seq = numberAfter(message, ' seq:', MOST_SEQ)
      if (seq !== undefined) this.#moves.migrated(connection, seq, at, out)
      return 'path_migrated'
    }
    if (message.startsWith('quic no available client ids for new path')) {
      this.#moves.refused(connection, at, out)
      return 'path_refused'
    }
    const [outcome, seq, told, failed] = PATH_OUTCOME.exec(message) ?? []
    if (outcome === undefined) return undefined
    if (told === 'successfully validated') {
      this.#moves.validated(connection, Number(seq), at, out)
      return 'path_validated'
    }
    this.#moves.failed(connection, failed === undefined ? undefined : Number(seq), at, out)
    return failed === undefined ? 'path_restored' : 'path_validation_failed'
  }
}

function read(name: InfoName | (typeof DEBUG_LINES)[number], rejectedValues = 0): LineOutcome {
  return { kind: 'read', name, at: undefined, rejectedValues }
}

const CAPABILITIES: Capabilities = {
  pathValidations: true,
  migrationKinds: ['unknown'],
  migrationFailures: true,
  toldPaths: true,
  breakerTransitions: ['open'],
  breakerFailures: true,
}

const COMMON = {
  name: 'nginx-error-log',
  producers: 'nginx ≥ 1.25 with HTTP/3 (error log at level info, or debug)',
  advice:
    '`error_log … info` is needed: nothing of QUIC is written above that level; `debug` tells round-trip times, loss and ends too, at several bytes of log for each byte sent',
  lines: [...INFO_LINES, ...DEBUG_LINES],
  open: () => new Reader(),
} as const

const debugLog: LogDialect = {
  ...COMMON,
  variant: 'debug',
  capabilities: {
    ...CAPABILITIES,
    connection: true,
    packets: true,
    errorCodes: true,
    closeTriggers: ['idle_timeout', 'stateless_reset'],
    zeroRtt: true,
    loss: ['reordering_threshold', 'time_threshold'],
    lossRatio: true,
    pto: true,
    rtt: true,
    congestionWindow: true,
    bytesInFlight: true,
    retries: true,
    versionNegotiations: true,
  },
  rules: { handshake: 'none', close: 'log_line', migration: 'log_line' },
  tellsOpenings: true,
}

export const nginxErrorLog: LogDialect = {
  ...COMMON,
  variants: [debugLog],
  capabilities: CAPABILITIES,
  rules: { handshake: 'none', close: 'none', migration: 'log_line' },
}
