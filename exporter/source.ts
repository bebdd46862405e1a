/** One source at work: a tailer, what reads its bytes, and what the page says of both. */
import { dialectNamed } from '../qlog-parsers/index.ts'
import { Archives } from './archives/archives.ts'
import { withArchives } from './archives/archives-status.ts'
import type { TailingMetrics } from './collectors/tailing.ts'
import type { Config, SourceConfig } from './config/schema.ts'
import type { Stream } from './connections/table.ts'
import { guarded } from './guarded-sink.ts'
import { logInputOf } from './log-input.ts'
import type { Logger } from './logging.ts'
import type { Pipeline } from './pipeline.ts'
import { possibleActions, Retention } from './retention.ts'
import type { SourceAtWork } from './source-at-work.ts'
import { inputOf, type RetentionTools, type SavedSource, type SourceParts } from './source-parts.ts'
import { SourceReader } from './source-reader.ts'
import { stateOfFiles } from './source-state.ts'
import type { RowFields } from './state/row.ts'
import type { BatchWriter } from './state/state-rows.ts'
import type { TailObserver } from './tail/sink.ts'
import type { TailStatus } from './tail/tail-status.ts'
import { Tailer } from './tail/tailer.ts'
import type { TrackedFile } from './tail/tracked-file.ts'

/** Time that goes by: a wall clock that is set must not make files old or young. */
const ELAPSED = { now: () => performance.timeOrigin + performance.now() }

/** A file that cannot be read is told of once a minute. */
const RECENT_MS = 90_000

export class Source implements SourceAtWork {
  readonly name: string
  readonly input: string
  readonly #key: number
  readonly #pipeline: Pipeline
  readonly #index: number
  readonly #reader: SourceReader
  readonly #tailer: Tailer
  readonly #archives: Archives
  readonly #tailing: TailingMetrics
  readonly #retain: (settings: SourceConfig['retention']) => Retention | undefined
  #retention: Retention | undefined
  /** Why a file could not be read last, and when that was. */
  #refused: string | undefined
  #refusedAt = 0

  /** `key`: a number that no other source of this process has. */
  constructor(
    key: number,
    source: SourceConfig,
    config: Config,
    { pipeline, tailing, shared, keepState, retention, own, clock = ELAPSED, log }: SourceParts,
  ) {
    this.#key = key
    this.#pipeline = pipeline
    this.input = inputOf(source)
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
        ...(own === undefined ? {} : { own }),
      },
      pipeline.table,
      input,
      {
        found: (name) => log.info('dialect found', { source: source.name, dialect: name }),
        unread: (why) => log.warn('files that are not read', { source: source.name, why }),
      },
      logInputOf(source, (event) => pipeline.tell(index, event)),
    )
    tailing.opened(index, source.sampleRatio)
    const open = ({ path }: { readonly path: string }) =>
      guarded(this.#reader.open(), {
        failed: (error) => {
          tailing.fileError(index, 'other')
          log.error('a file cannot be read on: a fault of the exporter', { path, error })
        },
        lost: (bytes) => input.lost(index, 'other', bytes),
      })
    const observer: TailObserver = {
      // The reader counts what its sinks use.
      read() {},
      lost: (reason, bytes) => input.lost(index, reason, bytes),
      fileError: (reason, path) => {
        tailing.fileError(index, reason)
        this.#refused = reason
        this.#refusedAt = performance.now()
        log.warn('a file is not read', { source: source.name, reason, path })
      },
      fileReset: (reason) => tailing.fileReset(index, reason),
    }
    const refused = (path: string, why: string) => {
      tailing.fileError(index, 'compressed')
      log.warn('a compressed file is not read to its end', { source: source.name, why, path })
    }
    const { startAt } = source
    const common = { open, observer, clock, startAt, keepState }
    this.#archives = new Archives({ ...common, refused })
    this.#tailer = new Tailer({
      ...common,
      shared,
      roots: source.paths,
      recursive: source.recursive,
      include: source.include,
      compressed: this.#archives,
      watch: config.tail.watch,
      sweepIntervalMs: config.tail.sweepIntervalMs,
      rotateGraceMs: config.tail.rotateGraceMs,
      maxRecordBytes: config.tail.maxRecordBytes,
    })
    this.#retain = (settings) => retention && this.#retentionOf(retention, settings, log)
    this.#retention = this.#retain(source.retention)
  }

  /** Takes over settings that do not change what is read. */
  async adopt(source: SourceConfig): Promise<void> {
    this.#tailing.opened(this.#index, source.sampleRatio)
    const before = this.#retention
    this.#retention = this.#retain(source.retention)
    await before?.stop()
    this.#retention?.start()
  }

  #retentionOf(
    tools: RetentionTools,
    { action, delayMs, dryRun }: SourceConfig['retention'],
    log: Logger,
  ): Retention | undefined {
    if (action === 'keep') return undefined
    const settings = { action, delayMs, dryRun }
    const { metrics, saveForGood, compressing } = tools
    metrics.opened(this.#index, possibleActions(settings))
    return new Retention({
      source: this.name,
      settings,
      files: this.#tailer.finished,
      saveForGood,
      count: (action) => metrics.file(this.#index, action),
      compressing,
      now: Date.now,
      log,
    })
  }

  /** What is to be saved besides the files. */
  saved(): SavedSource {
    const { newestEventUs } = this.#reader.facts
    return {
      key: this.#key,
      name: this.name,
      input: this.input,
      knownRoots: this.#tailer.knownRoots,
      dialects: this.#reader.dialectKeys,
      ...(newestEventUs === undefined ? {} : { newestEventUs }),
    }
  }

  /** Adds the rows of the files that changed since the last call; yields after each. */
  *saveChanges(writer: BatchWriter): Generator<void, void> {
    for (const file of this.#tailer.unsaved(false)) {
      file.touched = false
      yield this.#put(writer, file)
    }
    for (const id of this.#tailer.takeRemoved()) {
      writer.put('file_gone', { owner: this.#key, id })
    }
    yield* this.#archives.saveChanges(writer, this.#key)
  }

  /** Adds the rows of all files; yields after each. */
  *saveAll(writer: BatchWriter): Generator<void, void> {
    for (const file of this.#tailer.unsaved(true)) yield this.#put(writer, file)
    yield* this.#archives.saveAll(writer, this.#key)
  }

  #put(writer: BatchWriter, file: TrackedFile): void {
    const { id } = file
    writer.put('file', { owner: this.#key, id }, (row) => this.#tailer.saveFile(file, row))
  }

  /** Takes over what was saved, before the start; returns the streams by their saved numbers. */
  restore(
    saved: SavedSource,
    files: Iterable<RowFields>,
    archives: Iterable<RowFields>,
  ): ReadonlyMap<number, Stream> {
    this.#reader.restore(saved)
    this.#tailer.restoreRoots(saved.knownRoots)
    for (const row of files) this.#tailer.restoreFile(row)
    for (const row of archives) this.#archives.restore(row)
    return this.#reader.takeRestored()
  }

  start(): void {
    this.#tailer.start()
    this.#retention?.start()
  }

  async stop(): Promise<void> {
    await this.#retention?.stop()
    await Promise.all([this.#tailer.stop(), this.#archives.stop()])
  }

  /** Its connections and series are dropped; it is about to be stopped. */
  forget(): void {
    this.#retention?.halt()
    this.#archives.halt()
    const { table, metrics } = this.#pipeline
    for (const stream of table.streams) if (stream.source === this.#index) table.drop(stream)
    metrics.dropOwner(this.#index)
  }

  /** One more look at everything; resolves when what it found is read. */
  async sweep(): Promise<void> {
    await this.#tailer.sweep()
    await this.#archives.idle()
  }

  /** What was there at the start has been read. */
  get ready(): boolean {
    return this.#tailer.backlogApplied() && this.#archives.backlogApplied()
  }

  get summary(): SourceAtWork['summary'] {
    const { up, lagSeconds, filesOpen, filesParked, filesComplete } = this.#status()
    const files = filesOpen + filesParked + filesComplete
    const { understandsNothing } = this.#reader
    const isRecent = performance.now() - this.#refusedAt < RECENT_MS
    const refused = isRecent ? this.#refused : undefined
    return {
      name: this.name,
      dialects: [...this.#reader.facts.dialects],
      files,
      state: stateOfFiles({ up, files, lagSeconds, refused, understandsNothing }),
    }
  }

  #status(): TailStatus {
    return withArchives(this.#tailer.status(), this.#archives.status())
  }

  /** Puts the state of the files on the page. */
  publish(): void {
    const status = this.#status()
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
