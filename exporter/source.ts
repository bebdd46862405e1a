/** One source at work: a tailer, what reads its bytes, and what the page says of both. */
import { dialectNamed } from '../qlog-parsers/index.ts'
import type { TailingMetrics } from './collectors/tailing.ts'
import type { Config, SourceConfig } from './config/schema.ts'
import { guarded } from './guarded-sink.ts'
import type { Logger } from './logging.ts'
import type { Pipeline } from './pipeline.ts'
import { SourceReader } from './source-reader.ts'
import { Tailer, type TailShared } from './tail/tailer.ts'

export class Source {
  readonly name: string
  readonly #index: number
  readonly #reader: SourceReader
  readonly #tailer: Tailer
  readonly #tailing: TailingMetrics

  constructor(
    source: SourceConfig,
    config: Config,
    pipeline: Pipeline,
    tailing: TailingMetrics,
    shared: TailShared,
    log: Logger,
  ) {
    const index = pipeline.metrics.owner(source.name)
    const { input } = pipeline
    const dialect = dialectNamed(source.dialect)
    this.name = source.name
    this.#index = index
    this.#tailing = tailing
    this.#reader = new SourceReader(
      {
        source: index,
        vantage: source.vantage,
        maxRecordBytes: config.tail.maxRecordBytes,
        ...(dialect === undefined ? {} : { dialect }),
      },
      pipeline.table,
      input,
      {
        found: (name) => log.info('dialect found', { source: source.name, dialect: name }),
        unread: (why) => log.warn('files that are not read', { source: source.name, why }),
      },
    )
    tailing.opened(index, source.sampleRatio)
    this.#tailer = new Tailer({
      shared,
      roots: source.paths,
      recursive: source.recursive,
      include: source.include,
      startAt: source.startAt,
      open: ({ path }) =>
        guarded(this.#reader.open(), {
          failed: (error) => {
            tailing.fileError(index, 'other')
            log.error('a file cannot be read on: a fault of the exporter', { path, error })
          },
          lost: (bytes) => input.lost(index, 'other', bytes),
        }),
      observer: {
        // The reader counts what its sinks use.
        read() {},
        lost: (reason, bytes) => input.lost(index, reason, bytes),
        fileError: (reason, path) => {
          tailing.fileError(index, reason)
          log.warn('a file is not read', { source: source.name, reason, path })
        },
        fileReset: (reason) => tailing.fileReset(index, reason),
      },
      clock: { now: Date.now },
      watch: config.tail.watch,
      sweepIntervalMs: config.tail.sweepIntervalMs,
      rotateGraceMs: config.tail.rotateGraceMs,
      maxRecordBytes: config.tail.maxRecordBytes,
    })
  }

  start(): void {
    this.#tailer.start()
  }

  /** Reads what has been written so far, then stops. */
  async stop(): Promise<void> {
    await this.#tailer.stop()
  }

  /** One more look at everything; resolves when what it found is read. */
  sweep(): Promise<void> {
    return this.#tailer.sweep()
  }

  /** What was there at the start has been read. */
  get ready(): boolean {
    return this.#tailer.backlogApplied()
  }

  get summary(): { name: string; dialects: string[]; files: number } {
    const { filesOpen, filesParked, filesComplete } = this.#tailer.status()
    return {
      name: this.name,
      dialects: [...this.#reader.facts.dialects],
      files: filesOpen + filesParked + filesComplete,
    }
  }

  /** Puts the state of the files on the page. */
  publish(): void {
    const status = this.#tailer.status()
    const { newestEventUs } = this.#reader.facts
    const written = status.newestWriteMs
    this.#tailing.status(this.#index, {
      up: status.up,
      onDiskBytes: status.onDiskBytes,
      lagBytes: status.lagBytes,
      lagSeconds: status.lagSeconds,
      watchDegraded: status.watchDegraded,
      files: {
        open: status.filesOpen,
        parked: status.filesParked,
        complete: status.filesComplete,
      },
      newestUs: newestEventUs ?? (written === undefined ? undefined : Math.round(written * 1000)),
    })
  }
}
