import type { BigIntStats } from 'node:fs'
import { resolve } from 'node:path'
import type { Desk } from './desk.ts'
import { ReadBuffer } from './desk.ts'
import type { Root, Selection, Visitor } from './discovery.ts'
import { findBelow, makeRoot, scanRoots } from './discovery.ts'
import { FileErrors, reasonOf } from './file-errors.ts'
import { FileKeeper } from './file-keeper.ts'
import { defaultMaxOpenFiles, OpenFiles } from './open-files.ts'
import { readPiece } from './read-piece.ts'
import { ReadQueue } from './read-queue.ts'
import type { FileSink, TailObserver } from './sink.ts'
import type { TailStatus } from './tail-status.ts'
import { statusOf } from './tail-status.ts'
import type { TrackedFile } from './tracked-file.ts'
import { backOff, READ_BYTES } from './tracked-file.ts'
import { Turns } from './turns.ts'
import { Waker } from './waker.ts'
import { WatchHints } from './watch-hints.ts'
import { nameMatcher } from './wildcard.ts'

const TURN_MS = 20
const TURN_BYTES = 4 * 1024 * 1024
const SWEEP_SLICE_MS = 5
const ROOM_BEYOND_RECORD = 64 * 1024

/** What all tailers of a process share: memory to read into, open files, turns. */
export class TailShared {
  readonly buffer = new ReadBuffer()
  readonly turns = new Turns()
  readonly openFiles: OpenFiles

  constructor(maxOpenFiles: number = defaultMaxOpenFiles()) {
    this.openFiles = new OpenFiles(maxOpenFiles)
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
}

/**
 * Follows the files of one source and feeds every byte of them once, in order, to the sink of its
 * file. Rotation means that a new inode took the name: the old one is read to its end first.
 * Truncation means that the inode lost what was read: it is read as a new file.
 */
export class Tailer {
  readonly #options: TailerOptions
  readonly #roots: readonly Root[]
  readonly #selection: Selection
  readonly #desk: Desk
  readonly #queue = new ReadQueue()
  readonly #errors: FileErrors
  readonly #keeper: FileKeeper
  readonly #waker: Waker
  readonly #hints: WatchHints
  readonly #visitor: Visitor
  #directories = new Map<string, BigIntStats>()
  #looks: Iterator<string> | undefined
  #scan: Generator<void, void> | undefined
  #scanAgain = false
  #scanBegunAt = 0
  #scanCostMs = 0
  #scans = 0
  #up = false
  #caughtUp = false
  #stopped = false
  #waiting: { readonly scan: number; readonly done: () => void }[] = []

  constructor(options: TailerOptions) {
    const { shared, observer, clock, open } = options
    this.#options = options
    this.#roots = options.roots.map((path) => makeRoot(resolve(path)))
    this.#selection = { recursive: options.recursive, matches: nameMatcher(options.include) }
    const now = () => clock.now()
    const maxReadBytes = Math.max(READ_BYTES, options.maxRecordBytes + ROOM_BEYOND_RECORD)
    this.#desk = { observer, open, buffer: shared.buffer, maxReadBytes, now }
    this.#errors = new FileErrors(observer, now)
    this.#keeper = new FileKeeper({
      roots: this.#roots,
      selection: this.#selection,
      startAt: options.startAt,
      rotateGraceMs: options.rotateGraceMs,
      desk: this.#desk,
      openFiles: shared.openFiles,
      queue: this.#queue,
      errors: this.#errors,
    })
    this.#waker = new Waker(this, options.sweepIntervalMs)
    this.#hints = new WatchHints(this.#waker)
    this.#visitor = {
      file: (found, root) => this.#keeper.sighted(found, root),
      directory: (path, stats) => {
        this.#keeper.births.learn(stats)
        this.#directories.set(path, stats)
      },
      refused: (reason, path) => {
        this.#errors.report(reason, path)
        if (reason === 'limit') shared.openFiles.relieve()
      },
    }
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
    return this.#caughtUp
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
    for (const path of this.#looks ?? []) this.#lookAtOne(path)
    this.#looks = paths[Symbol.iterator]()
    this.#options.shared.turns.request(this)
  }

  /** Discovers and reads for at most 20 ms and 4 MiB; true if there is more to do. */
  takeTurn(): boolean {
    if (this.#stopped) return false
    const begun = performance.now()
    this.#stepDiscovery(begun)
    this.#stepLooks(begun + SWEEP_SLICE_MS)
    let bytes = 0
    while (bytes < TURN_BYTES && performance.now() - begun < TURN_MS) {
      const file = this.#queue.take()
      if (file === undefined) break
      bytes += this.#read(file)
    }
    if (this.#queue.size === 0) this.#allRead()
    return this.#scan !== undefined || this.#looks !== undefined || this.#queue.size > 0
  }

  *#discover(): Generator<void, void> {
    this.#directories = new Map()
    this.#keeper.beginSweep()
    yield* scanRoots(this.#roots, this.#selection, this.#visitor)
    yield* this.#keeper.judgeAll()
  }

  #stepDiscovery(begun: number): void {
    const scan = this.#scan
    if (scan === undefined) return
    let ended = false
    while (!ended && performance.now() - begun < SWEEP_SLICE_MS) ended = scan.next().done === true
    this.#scanCostMs += performance.now() - begun
    if (ended) this.#endDiscovery()
  }

  #endDiscovery(): void {
    this.#scan = undefined
    this.#scans++
    this.#up = this.#roots.every(({ up }) => up)
    if (this.#options.watch) {
      const absent = this.#roots.filter(({ real }) => real === undefined)
      this.#hints.follow(
        this.#directories,
        absent.map(({ path }) => path),
      )
    }
    this.#waker.swept(this.#scanCostMs, performance.now() - this.#scanBegunAt)
    if (this.#scanAgain) {
      this.#scanAgain = false
      this.beginSweep()
    }
  }
}
