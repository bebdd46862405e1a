import { resolve } from 'node:path'
import type { RowFields } from '../state/row.ts'
import { Backlog } from './backlog.ts'
import type { CompressedTaker } from './compressed-files.ts'
import { selector } from './compressed-files.ts'
import type { Desk } from './desk.ts'
import { ReadBuffer } from './desk.ts'
import type { Root, Selection, Visitor } from './discovery.ts'
import { findBelow, makeRoot, scanRoots } from './discovery.ts'
import { FileErrors } from './file-errors.ts'
import { FileKeeper } from './file-keeper.ts'
import { FileReader } from './file-reader.ts'
import { fileRow, savedFile } from './file-row.ts'
import { FinishedFiles } from './finished-files.ts'
import { LeavingFiles } from './leaving-files.ts'
import { defaultMaxOpenFiles, OpenFiles } from './open-files.ts'
import type { FileSink, TailObserver } from './sink.ts'
import type { TailStatus } from './tail-status.ts'
import { statusOf } from './tail-status.ts'
import { READ_BYTES, type TrackedFile } from './tracked-file.ts'
import { Turns } from './turns.ts'
import { Waker } from './waker.ts'
import { WatchHints } from './watch-hints.ts'

const TURN_MS = 20
const SLICE_MS = 5
const ROOM_BEYOND_RECORD = 64 * 1024

/** What all tailers of a process share: memory to read into, open files, turns. */
export class TailShared {
  readonly buffer = new ReadBuffer()
  readonly turns = new Turns()
  readonly openFiles: OpenFiles
  readonly leaving: LeavingFiles

  constructor(maxOpenFiles: number = defaultMaxOpenFiles()) {
    this.openFiles = new OpenFiles(maxOpenFiles)
    this.leaving = new LeavingFiles(maxOpenFiles)
  }
}

/** What one source's files are and how they are read. */
export interface TailerOptions {
  readonly shared: TailShared
  /** Directories and single files; they may be absent, and may come and go. */
  readonly roots: readonly string[]
  /** Whether directories below the roots are read too. */
  readonly recursive: boolean
  /** Patterns (`*`, `?`) of file names in directories; a root that is a file needs no pattern. */
  readonly include: readonly string[]
  /** Where to begin in files that are there when their root is first seen. */
  readonly startAt: 'end' | 'beginning'
  readonly open: (file: { readonly path: string; readonly name: string }) => FileSink
  readonly observer: TailObserver
  /** Without it, compressed files are left alone. */
  readonly compressed?: CompressedTaker
  /** Wall clock in ms. */
  readonly clock: { now(): number }
  /** Whether the kernel's hints are used besides the sweeps. */
  readonly watch: boolean
  /** Least time between two sweeps, in ms; stretched up to 10 s where a sweep is costly. */
  readonly sweepIntervalMs: number
  /** How long a file that is gone must be quiet before it is closed, in ms. */
  readonly rotateGraceMs: number
  /** Longest record that a sink can need at once, in bytes. */
  readonly maxRecordBytes: number
  /** Whether somebody saves the files' state, and so takes what changed of it. */
  readonly keepState?: boolean
}

/**
 * Follows the files of one source and feeds every byte of them once, in order, to the sink of its
 * file. Rotation means that a new inode took the name: the old one is read to its end first.
 * Truncation means that the inode lost what was read: it is read as a new file.
 */
export class Tailer {
  readonly finished: FinishedFiles
  readonly #options: TailerOptions
  readonly #roots: readonly Root[]
  readonly #selection: Selection
  readonly #desk: Desk
  readonly #reader: FileReader
  readonly #errors: FileErrors
  readonly #keeper: FileKeeper
  readonly #waker: Waker
  readonly #hints: WatchHints
  readonly #visitor: Visitor
  readonly #looks: string[] = []
  #scan: Generator<void, void> | undefined
  #scanAgain = false
  #scanBegunAt = 0
  #scanCostMs = 0
  #scans = 0
  #up = false
  #backlog: Backlog | undefined
  #stopped = false
  #waiting: { readonly scan: number; readonly done: () => void }[] = []

  constructor(options: TailerOptions) {
    const { shared, observer, clock, open } = options
    this.#options = options
    this.#roots = options.roots.map((path) => makeRoot(resolve(path)))
    this.#selection = { recursive: options.recursive, matches: selector(options.include) }
    const now = () => clock.now()
    const maxReadBytes = Math.max(READ_BYTES, options.maxRecordBytes + ROOM_BEYOND_RECORD)
    this.#desk = { observer, open, buffer: shared.buffer, maxReadBytes, now }
    this.#errors = new FileErrors(observer, now)
    this.#reader = new FileReader(this.#desk, shared.openFiles, this.#errors)
    this.#keeper = new FileKeeper({
      roots: this.#roots,
      selection: this.#selection,
      startAt: options.startAt,
      rotateGraceMs: options.rotateGraceMs,
      desk: this.#desk,
      openFiles: shared.openFiles,
      queue: this.#reader.queue,
      errors: this.#errors,
      compressed: options.compressed,
      keepRemoved: options.keepState === true,
    })
    this.finished = new FinishedFiles(this.#roots, this.#keeper.table, this.#desk, shared)
    this.#waker = new Waker(this, options.sweepIntervalMs)
    this.#hints = new WatchHints(this.#waker)
    this.#visitor = {
      file: (found, root) => this.#keeper.sighted(found, root),
      directory: (path, stats) => {
        this.#keeper.births.learn(stats)
        if (options.watch) this.#hints.watch(path, stats)
      },
      refused: (reason, path) => {
        this.#errors.report(reason, path)
        this.#keeper.refused(reason, path)
        if (reason === 'limit') shared.openFiles.relieve()
      },
    }
  }

  /** Roots that were looked at, in this process or in one before: what appears there is read whole. */
  get knownRoots(): readonly string[] {
    return this.#roots.filter(({ known }) => known).map(({ path }) => path)
  }

  /** Takes over which roots were known; before `start`. */
  restoreRoots(paths: readonly string[]): void {
    for (const root of this.#roots) root.known = paths.includes(root.path)
  }

  /** Takes over a file that was saved; before `start`. */
  restoreFile(row: RowFields): void {
    const { table } = this.#keeper
    const file = savedFile(table.nextId(), row, this.#desk.open)
    if (file.forgotten) table.depart(file)
    else table.add(file)
  }

  /** The files of which something has to be saved; all of them, or those that changed. */
  *unsaved(all: boolean): Generator<TrackedFile, void> {
    for (const file of this.#keeper.table.remembered()) if (all || file.touched) yield file
  }

  /** Shows what has to be saved of a file. */
  saveFile(file: TrackedFile, row: RowFields): void {
    fileRow(file, row, this.#desk.open)
  }

  /** Numbers of the files that are not remembered any more, since the last call. */
  takeRemoved(): number[] {
    return this.#keeper.table.takeRemoved()
  }

  /** Begins to follow the roots: at once, at intervals, and at the kernel's hints. */
  start(): void {
    this.#waker.start()
  }

  /** Stops following and closes all files. The sinks are not closed: their files are not gone. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#waker.stop()
    this.#options.shared.turns.cancel(this)
    this.#scan?.return()
    this.#scan = undefined
    this.#keeper.release()
    for (const { done } of this.#waiting.splice(0)) done()
    await this.#hints.close()
  }

  /** One whole round of discovery that begins now; resolves when all that it found is read. */
  sweep(): Promise<void> {
    if (this.#stopped) return Promise.resolve()
    const scan = this.#scans + (this.#scan === undefined ? 1 : 2)
    return new Promise((done) => {
      this.#waiting.push({ scan, done })
      this.beginSweep()
    })
  }

  /** What can be said of the files right now. */
  status(): TailStatus {
    return statusOf({
      up: this.#up,
      watchDegraded: this.#hints.degraded,
      newestWriteMs: this.#keeper.newestWriteMs,
      files: this.#keeper.table.files(),
      now: this.#desk.now(),
    })
  }

  /** Whether all that was there at the start has been read. */
  backlogApplied(): boolean {
    return this.#backlog?.isApplied() === true
  }

  /** Begins a round of discovery, or another one after the present one. */
  beginSweep(): void {
    if (this.#scan !== undefined) {
      this.#scanAgain = true
      return
    }
    this.#scanBegunAt = performance.now()
    this.#scanCostMs = 0
    this.#scan = this.#discover()
    this.#options.shared.turns.request(this)
  }

  /** Looks at paths that may have changed, in the next turns. */
  lookAt(paths: Iterable<string>): void {
    for (const path of paths) this.#looks.push(path)
    this.#options.shared.turns.request(this)
  }

  /** Discovers and reads for at most 20 ms and 4 MiB; true if there is more to do. */
  takeTurn(): boolean {
    if (this.#stopped) return false
    const begun = performance.now()
    const isAfter = (ms: number) => performance.now() - begun >= ms
    this.#stepScan(() => isAfter(SLICE_MS))
    this.#stepLooks(() => isAfter(2 * SLICE_MS))
    this.#reader.readSome(() => isAfter(TURN_MS))
    const idle = this.#looks.length === 0 && this.#reader.queue.size === 0
    if (idle) this.#settle()
    return !idle || this.#scan !== undefined
  }

  *#discover(): Generator<void, void> {
    this.#hints.beginRound()
    this.#keeper.beginSweep()
    yield* scanRoots(this.#roots, this.#selection, this.#visitor)
    yield* this.#keeper.judgeAll()
  }

  #stepScan(isLate: () => boolean): void {
    const scan = this.#scan
    if (scan === undefined) return
    const begun = performance.now()
    let ended = false
    do ended = scan.next().done === true
    while (!ended && !isLate())
    this.#scanCostMs += performance.now() - begun
    if (ended) this.#endScan()
  }

  #endScan(): void {
    this.#scan = undefined
    this.#scans++
    this.#backlog ??= new Backlog(this.#keeper.table.files())
    this.#up = this.#roots.every(({ up }) => up)
    if (this.#options.watch) {
      const absent = this.#roots.filter(({ real }) => real === undefined).map(({ path }) => path)
      this.#hints.endRound(absent)
    }
    this.#waker.swept(this.#scanCostMs, performance.now() - this.#scanBegunAt)
    if (!this.#scanAgain) return
    this.#scanAgain = false
    this.beginSweep()
  }

  #stepLooks(isLate: () => boolean): void {
    for (let path = this.#looks.pop(); path !== undefined; path = this.#looks.pop()) {
      this.#look(path)
      if (isLate()) return
    }
  }

  #look(path: string): void {
    const below = findBelow(path, this.#roots, this.#selection)
    const finding = below?.finding
    if (finding?.type === 'file' && below) this.#keeper.sighted(finding, below.root)
    else if (finding?.type === 'refused') this.#errors.report(finding.reason, path)
    else if (finding?.type === 'directory') this.#waker.sweepSoon()
    else if (this.#roots.some((root) => root.path === path)) this.#waker.sweepSoon()
  }

  /** All that was found has been read. */
  #settle(): void {
    const settled = this.#waiting.filter(({ scan }) => scan <= this.#scans)
    this.#waiting = this.#waiting.filter(({ scan }) => scan > this.#scans)
    for (const { done } of settled) done()
  }
}
