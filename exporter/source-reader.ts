/** One source: the bytes of its files, through framing, decoding and connections, to the metrics. */
import {
  type Dialect,
  dialectKey,
  dialectOfKey,
  type LogDialect,
  logDialectOfKey,
} from '../qlog-parsers/index.ts'
import type { InputMetrics } from './collectors/input.ts'
import type { ConnectionTable, Stream } from './connections/table.ts'
import { LogFileReader } from './log-file-reader.ts'
import type { LogInput } from './log-input.ts'
import type { OwnTraces } from './own-traces.ts'
import { StrangeRecords } from './strange-records.ts'
import type { FileSink } from './tail/sink.ts'
import { TraceFileReader } from './trace-file-reader.ts'

export interface SourceOptions {
  /** Index of the source in the metric store. */
  readonly source: number
  readonly vantage: 'server' | 'client'
  readonly dialect?: Dialect
  readonly maxRecordBytes: number
  /** Without it every connection is somebody's. */
  readonly own?: OwnTraces
}

/** What happened last in a source. */
export interface SourceFacts {
  /** Wall clock of the newest event, Unix µs; undefined where no producer says. */
  newestEventUs: number | undefined
  readonly dialects: Set<string>
}

/** What a person should hear of. */
export interface SourceNotices {
  readonly found?: (dialect: string) => void
  readonly unread?: (why: string) => void
}

export class SourceReader {
  readonly facts: SourceFacts = { newestEventUs: undefined, dialects: new Set() }
  readonly #options: SourceOptions
  readonly #table: ConnectionTable
  readonly #input: InputMetrics
  readonly #notices: SourceNotices
  readonly #unread = new Set<string>()
  readonly #strange = new StrangeRecords()
  readonly #log: LogInput | undefined
  readonly #found = new Set<Dialect | LogDialect>()
  readonly #restored = new Map<number, Stream>()

  constructor(
    options: SourceOptions,
    table: ConnectionTable,
    input: InputMetrics,
    notices: SourceNotices = {},
    log?: LogInput,
  ) {
    this.#log = log
    this.#notices = notices
    this.#options = options
    this.#table = table
    this.#input = input
    input.opened(options.source)
    const dialect = log?.dialect ?? options.dialect
    if (dialect === undefined) return
    // Nobody found it: it was said.
    this.facts.dialects.add(dialect.name)
    this.found(dialect)
  }

  /** The dialects that were found, as they are called in saved state. */
  get dialectKeys(): string[] {
    return [...this.#found].map(dialectKey)
  }

  /** Takes over what was known of the source's files. */
  restore(saved: { readonly dialects: readonly string[]; readonly newestEventUs?: number }): void {
    const known = this.dialectKeys
    for (const key of saved.dialects.filter((key) => !known.includes(key))) {
      const dialect = dialectOfKey(key) ?? logDialectOfKey(key)
      if (dialect !== undefined) this.found(dialect)
    }
    this.facts.newestEventUs = saved.newestEventUs
    this.#strange.restore(saved.newestEventUs !== undefined)
  }

  /** Streams that were taken over, by the numbers that they were saved under; once. */
  takeRestored(): ReadonlyMap<number, Stream> {
    const streams = new Map(this.#restored)
    this.#restored.clear()
    return streams
  }

  /** A file's stream was taken over. */
  restored(id: number, stream: Stream): void {
    this.#restored.set(id, stream)
  }

  /** A new file of this source. */
  open(): FileSink {
    if (this.#log !== undefined) {
      return new LogFileReader(this.#options, this.#log, this.#table, this.#input, this)
    }
    return new TraceFileReader(this.#options, this.#table, this.#input, this)
  }

  /** A dialect was found in one of its files. */
  found(dialect: Dialect | LogDialect): void {
    if (this.#found.has(dialect)) return
    this.#found.add(dialect)
    if (!this.facts.dialects.has(dialect.name)) this.#notices.found?.(dialect.name)
    this.facts.dialects.add(dialect.name)
    this.#input.dialect(this.#options.source, dialect)
  }

  /** A file will not be read; told once for each reason. */
  unread(why: string): void {
    if (this.#unread.has(why)) return
    this.#unread.add(why)
    this.#notices.unread?.(why)
  }

  /** A record could not be made out; `why` tells what its log is not. Once there are many, that is told. */
  strange(why: string): void {
    if (this.#strange.strange(why)) this.unread(why)
  }

  /** A record was made out. */
  familiar(): void {
    this.#strange.familiar()
  }

  /** A file did not grow for so long: after a while what was read of it is all there is to judge by. */
  quiet(forMs: number): void {
    const why = this.#strange.quiet(forMs)
    if (why !== undefined) this.unread(why)
  }

  /** Whether something was read and none of it was ever made out. */
  get understandsNothing(): boolean {
    return this.#strange.isAll || (this.facts.dialects.size === 0 && this.#unread.size > 0)
  }

  /** An event of this wall clock time was applied. */
  sawEventAt(us: number): void {
    if (us > (this.facts.newestEventUs ?? 0)) this.facts.newestEventUs = us
  }
}
