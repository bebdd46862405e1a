import type { BigIntStats } from 'node:fs'
import { fstatSync } from 'node:fs'
import { dirname } from 'node:path'
import { type CompressedTaker, isCompressed } from './compressed-files.ts'
import type { Desk } from './desk.ts'
import type { Root, Selection } from './discovery.ts'
import { findBelow } from './discovery.ts'
import type { FileErrors } from './file-errors.ts'
import { reasonOf } from './file-errors.ts'
import { FileTable } from './file-table.ts'
import { type FoundFile, isWithin } from './find-file.ts'
import { finishFile, isDeleted } from './finish-file.ts'
import { BirthRecords } from './identity.ts'
import { MovedFiles } from './moved-files.ts'
import type { OpenFiles } from './open-files.ts'
import type { ReadQueue } from './read-queue.ts'
import type { FileErrorReason } from './sink.ts'
import type { TrackedFile } from './tracked-file.ts'
import { backOff, needsReading, noteSize, trackFile, unusedBytes } from './tracked-file.ts'

const FILES_PER_STEP = 128

/** A file that was fully read and has not grown for so long is closed until it grows. */
const PARK_AFTER_MS = 300_000

/** How many of the files that are there at the start have their header read at once. */
const HEADERS_AT_START = 1000

/** What the keeper works with. */
export interface KeeperParts {
  readonly roots: readonly Root[]
  readonly selection: Selection
  readonly startAt: 'end' | 'beginning'
  readonly rotateGraceMs: number
  readonly desk: Desk
  readonly openFiles: OpenFiles
  readonly queue: ReadQueue
  readonly errors: FileErrors
  readonly compressed: CompressedTaker | undefined
  /** Whether somebody takes the numbers of removed files from the table. */
  readonly keepRemoved: boolean
}

/** Keeps account of the files of one source: which there are, which are new, moved or gone. */
export class FileKeeper {
  readonly table: FileTable
  readonly births = new BirthRecords()
  readonly #parts: KeeperParts
  #sweep = 0
  #present: TrackedFile[] = []
  readonly #refusedAtStart = new Set<string>()
  #moved: MovedFiles | undefined
  #newestWriteNs = 0

  constructor(parts: KeeperParts) {
    this.#parts = parts
    this.table = new FileTable(parts.keepRemoved)
  }

  /** Last modification of any file seen so far, in ms; undefined before the first file. */
  get newestWriteMs(): number | undefined {
    return this.#newestWriteNs > 0 ? this.#newestWriteNs / 1e6 : undefined
  }

  /** A path cannot be looked at now; if it was there at the start, it will not be new when it can. */
  refused(reason: FileErrorReason, path: string): void {
    const { roots, startAt } = this.#parts
    // What is no file yet, or lies elsewhere, is new when it comes to be one of ours.
    if (startAt !== 'end' || isFinal(reason)) return
    const unknown = roots.filter(({ known }) => !known)
    if (unknown.some(({ real }) => real !== undefined && isWithin(path, real))) {
      this.#refusedAtStart.add(path)
    }
  }

  /** From here on a file counts as seen only if it is sighted again. */
  beginSweep(): void {
    this.#sweep++
    this.#parts.compressed?.beginSweep()
  }

  /** A file was found at a path: a new one, a known one, or a known one under a new name. */
  sighted(found: FoundFile, root: Root): void {
    if (isCompressed(found.path)) {
      this.#parts.compressed?.sighted(found, !root.known)
      return
    }
    const { stats } = found
    const file = this.#known(stats) ?? this.#returned(stats) ?? this.#add(found, root)
    const isRestored = file.openPath === ''
    // A string that is kept anew at each sweep would fill the old generation.
    if (file.path !== found.path || file.openPath !== found.openPath) {
      file.path = found.path
      file.openPath = found.openPath
      file.boundary = found.boundary
      file.touched = true
    }
    file.sweep = this.#sweep
    file.gone = undefined
    noteSize(file, stats, this.#parts.desk.now())
    if (file.mtimeNs > this.#newestWriteNs) this.#newestWriteNs = file.mtimeNs
    // As when it was first seen: once open, it is read to its end even if it is moved away.
    const { desk, openFiles } = this.#parts
    const isLive = desk.now() - file.grewAt < PARK_AFTER_MS
    if (isRestored && isLive && file.fd < 0 && openFiles.hasRoom) this.#open(file)
    this.#queueIfDue(file)
  }

  /** After the scan: what was not sighted is gone or not, and what did not grow is silent. */
  *judgeAll(): Generator<void, void> {
    this.#readHeaders()
    let judged = 0
    for (const file of this.table.files()) {
      this.#judge(file)
      if (++judged % FILES_PER_STEP === 0) yield
    }
    this.#moved = undefined
    this.#parts.compressed?.endSweep()
  }

  /** Closes all files; nothing is told to the sinks. */
  release(): void {
    for (const file of this.table.files()) this.#parts.openFiles.park(file)
  }

  #known(stats: BigIntStats): TrackedFile | undefined {
    const file = this.table.get(stats.dev, stats.ino)
    // An open file holds its inode: no other can have the number.
    if (file === undefined || file.fd >= 0) return file
    if (this.births.mayBeSame(file, file.headLength > 0, stats)) return this.#meet(file, stats)
    this.#parts.desk.observer.fileReset('replaced')
    finishFile(file, this.#parts.desk)
    this.table.remove(file, false)
    return undefined
  }

  #returned(stats: BigIntStats): TrackedFile | undefined {
    const file = this.table.takeDeparted(stats)
    if (file === undefined) return undefined
    if (!this.births.mayBeSame(file, file.headLength > 0, stats)) {
      this.table.forget(file)
      return undefined
    }
    this.table.add(file)
    file.unverified = true
    return this.#meet(file, stats)
  }

  #meet(file: TrackedFile, stats: BigIntStats): TrackedFile {
    if (file.birthtimeNs !== stats.birthtimeNs) {
      file.touched = true
      file.birthtimeNs = stats.birthtimeNs
      file.unverified = true
    }
    return file
  }

  #add(found: FoundFile, root: Root): TrackedFile {
    const { desk, openFiles, startAt } = this.#parts
    const wasThere = this.#refusedAtStart.delete(found.path)
    const present = (!root.known || wasThere) && startAt === 'end'
    const file = trackFile(
      this.table.nextId(),
      found,
      present ? Number(found.stats.size) : 0,
      desk.now(),
    )
    // What was not there at the last look is new, whatever its times say.
    if (root.known) file.grewAt = desk.now()
    this.table.add(file)
    if (present) this.#present.push(file)
    // Once open, a file can be read to its end even if it is deleted or moved away meanwhile.
    else if (openFiles.hasRoom) this.#open(file)
    if (file.size > file.readTo) file.behindSince = desk.now()
    return file
  }

  #open(file: TrackedFile): void {
    const { desk, openFiles, errors } = this.#parts
    const result = openFiles.open(file)
    if (result.type !== 'failed') return
    errors.report(result.reason, file.path)
    backOff(file, desk.now())
  }

  /** The files written last are those that live: what wrote them is to be known from the start. */
  #readHeaders(): void {
    if (this.#present.length === 0) return
    const files = this.#present.filter(({ size }) => size > 0)
    files.sort((a, b) => b.mtimeNs - a.mtimeNs)
    for (const file of files.slice(0, HEADERS_AT_START)) this.#parts.queue.add(file)
    this.#present = []
  }

  #judge(file: TrackedFile): void {
    if (file.sweep !== this.#sweep && !this.#isStillThere(file) && this.#isOver(file)) {
      const { desk, openFiles, errors } = this.#parts
      const mayReturn = !isDeleted(file)
      const failed = finishFile(file, desk)
      if (failed !== undefined) {
        errors.report(failed, file.path)
        backOff(file, desk.now())
        return
      }
      openFiles.park(file)
      this.table.remove(file, mayReturn)
      return
    }
    if (needsReading(file)) {
      this.#queueIfDue(file)
      return
    }
    const silentMs = this.#parts.desk.now() - file.grewAt
    if (silentMs <= 0 || file.queued) return
    if (file.sink?.silent(silentMs) === true) file.touched = true
    const idle = silentMs >= PARK_AFTER_MS && unusedBytes(file, file.size) === 0
    if (idle && file.gone === undefined) this.#parts.openFiles.park(file)
  }

  /** Looks again at the path of a file that the scan did not come by. */
  #isStillThere(file: TrackedFile): boolean {
    const { roots, selection } = this.#parts
    const below = findBelow(file.path, roots, selection)
    if (below?.finding.type === 'file') {
      const { stats } = below.finding
      if (stats.dev === file.dev && stats.ino === file.ino) {
        this.sighted(below.finding, below.root)
        return this.table.get(file.dev, file.ino) === file
      }
    }
    // What cannot be looked at now may still be there.
    if (file.openPath === '' && file.gone === undefined && !this.#openMoved(file)) return true
    this.#noteOpen(file)
    return below?.finding.type === 'refused' && !isFinal(below.finding.reason)
  }

  /** Whether a file without a path was read to its end and has been quiet for the grace time. */
  #isOver(file: TrackedFile): boolean {
    const now = this.#parts.desk.now()
    file.gone ??= { since: now, sweeps: 0 }
    file.gone.sweeps++
    const isOpen = file.fd >= 0
    if (isOpen && file.failure === undefined && needsReading(file)) return false
    const quietMs = now - Math.max(file.gone.since, isOpen ? file.grewAt : 0)
    return file.gone.sweeps >= 2 && quietMs >= this.#parts.rotateGraceMs
  }

  /**
   * A file that was saved and is not where it was: opened under its new name, it is read to its end.
   * False if it could not be looked for.
   */
  #openMoved(file: TrackedFile): boolean {
    const { selection, errors, queue } = this.#parts
    this.#moved ??= new MovedFiles(selection.matches, errors)
    const found = this.#moved.find(file)
    if (found.type !== 'moved') return found.type === 'absent'
    file.openPath = found.path
    file.boundary = dirname(found.path)
    this.#open(file)
    queue.add(file)
    return true
  }

  #noteOpen(file: TrackedFile): void {
    if (file.fd < 0) return
    try {
      noteSize(file, fstatSync(file.fd, { bigint: true }), this.#parts.desk.now())
    } catch (error) {
      const reason = reasonOf(error)
      if (reason !== 'gone') this.#parts.errors.report(reason, file.path)
    }
  }

  #queueIfDue(file: TrackedFile): void {
    const retryAt = file.failure?.retryAt ?? 0
    if (!needsReading(file) || retryAt > this.#parts.desk.now()) return
    if (file.gone === undefined || file.fd >= 0) this.#parts.queue.add(file)
  }
}

function isFinal(reason: FileErrorReason): boolean {
  return reason === 'not_regular' || reason === 'outside_root'
}
