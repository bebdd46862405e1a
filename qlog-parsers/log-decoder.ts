/** One file of a log that is no qlog, line by line: what each says, whole or not at all. */
import { MOST_STEP_US } from './decoding/bounds.ts'
import type { QuicEvent } from './events.ts'
import type { RecordSink, RejectReason } from './framing/framer.ts'
import type { LineOutcome, LineOutput, LineReader, LogDialect, LogSettings } from './log-dialect.ts'
import type { LogEvent } from './log-events.ts'
import type { RecordOutcome } from './trace-decoder.ts'

/** Receives what a file says, in order, synchronously. */
export interface LogListener {
  log(event: LogEvent): void
  quic(connection: string, event: QuicEvent): void
  endpoint(event: QuicEvent): void
  /** How each line was taken; rejected ones too. `at`: Unix µs. */
  line(outcome: RecordOutcome, at: number | undefined): void
  /** The file turned out to tell more. */
  became(dialect: LogDialect): void
}

/** Where a decoder stands: all that it must be given to go on in another process; survives JSON. */
export interface LogState {
  readonly newestAt?: number
  readonly leaptTo?: number
  readonly reader?: unknown
}

type Told = (listener: LogListener) => void

export class LogDecoder implements RecordSink, LineOutput {
  readonly #reader: LineReader
  readonly #listener: LogListener
  /** What the line at hand says, held back until it is known to be good. */
  readonly #told: Told[] = []
  #newestAt: number | undefined
  /** A time far ahead of all others, until another agrees. */
  #leaptTo: number | undefined
  #movesConnections = false

  constructor(dialect: LogDialect, settings: LogSettings, listener: LogListener) {
    this.#reader = dialect.open(settings)
    this.#listener = listener
  }

  get state(): LogState {
    const reader = this.#reader.state?.()
    return {
      ...(this.#newestAt === undefined ? {} : { newestAt: this.#newestAt }),
      ...(this.#leaptTo === undefined ? {} : { leaptTo: this.#leaptTo }),
      ...(reader === undefined ? {} : { reader }),
    }
  }

  resume({ newestAt, leaptTo, reader }: LogState): void {
    this.#newestAt = newestAt
    this.#leaptTo = leaptTo
    if (reader !== undefined) this.#reader.restore?.(reader)
  }

  record(bytes: Uint8Array, start: number, end: number, whole: boolean): void {
    // Text that is cut may still read like a line; a log ends each of its lines.
    if (!whole) {
      this.rejected('truncated')
      return
    }
    this.#told.length = 0
    this.#movesConnections = false
    const checked = this.#check(this.#reader.read(bytes, start, end, this))
    if (checked.kind === 'rejected') {
      this.rejected(checked.reason)
      return
    }
    if (checked.kind === 'unknown') {
      this.#listener.line({ kind: 'unknown', name: '', rejectedValues: 0 }, undefined)
      return
    }
    const { kind, name, at, rejectedValues = 0 } = checked
    if (at !== undefined) this.#newestAt = Math.max(at, this.#newestAt ?? at)
    if (kind === 'read') this.#tell()
    this.#listener.line({ kind, name, rejectedValues }, at)
  }

  /** The first line of a file that is not read from its beginning; nothing of it is counted. */
  header(bytes: Uint8Array, start: number, end: number): void {
    this.#told.length = 0
    this.#reader.header?.(bytes, start, end, this)
    this.#tell()
  }

  rejected(reason: RejectReason): void {
    this.#listener.line({ kind: 'rejected', reason }, undefined)
  }

  /** No further line came for so long (µs); whether that changed anything. */
  settle(forUs: number, isEnd: boolean): boolean {
    this.#told.length = 0
    const changed = this.#reader.settle?.(forUs, isEnd, this) ?? false
    this.#tell()
    return changed
  }

  emit(event: LogEvent): void {
    this.#told.push((listener) => listener.log(event))
  }

  quic(connection: string, event: QuicEvent): void {
    this.#movesConnections = true
    this.#told.push((listener) => listener.quic(connection, event))
  }

  endpoint(event: QuicEvent): void {
    this.#told.push((listener) => listener.endpoint(event))
  }

  become(dialect: LogDialect): void {
    // Before all that only the other can tell.
    this.#told.unshift((listener) => listener.became(dialect))
  }

  /**
   * A time more than a week ahead is believed when the next one agrees: until then the line counts without it,
   * or, if it moves connections, not at all. One wrong clock must not make everything after it look old.
   */
  #check(outcome: LineOutcome): LineOutcome {
    const at = outcome.kind === 'read' || outcome.kind === 'unread' ? outcome.at : undefined
    if (at === undefined) return outcome
    if (!(at >= 0 && at <= Number.MAX_SAFE_INTEGER)) return { kind: 'rejected', reason: 'time' }
    const leaps = (from: number | undefined) => Math.abs(at - (from ?? at)) > MOST_STEP_US
    const agrees = this.#leaptTo !== undefined && !leaps(this.#leaptTo)
    if (at < (this.#newestAt ?? at) || !leaps(this.#newestAt) || agrees) {
      this.#leaptTo = undefined
      return outcome
    }
    this.#leaptTo = at
    if (this.#movesConnections) return { kind: 'rejected', reason: 'time' }
    return { ...outcome, at: undefined } as LineOutcome
  }

  #tell(): void {
    for (const told of this.#told) told(this.#listener)
    this.#told.length = 0
  }
}
