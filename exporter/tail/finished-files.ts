import { lstatSync, unlinkSync } from 'node:fs'
import type { Desk } from './desk.ts'
import type { Root } from './discovery.ts'
import type { FileTable } from './file-table.ts'
import type { LeavingFiles } from './leaving-files.ts'
import type { OpenFiles } from './open-files.ts'
import { readPiece } from './read-piece.ts'
import type { TrackedFile } from './tracked-file.ts'
import { needsReading } from './tracked-file.ts'

const FILES_PER_STEP = 128

/** A file, and its size in bytes when it was found read to its end and finished. */
export interface FinishedFile {
  readonly file: TrackedFile
  readonly size: number
}

/** What the tailers of the process share in this. */
interface Shared {
  readonly openFiles: OpenFiles
  readonly leaving: LeavingFiles
}

/**
 * The files of one source that are read to their end and finished, and the way to take their names
 * away so that not even a byte that is written afterwards is lost.
 */
export class FinishedFiles {
  readonly #roots: readonly Root[]
  readonly #table: FileTable
  readonly #desk: Desk
  readonly #shared: Shared

  constructor(roots: readonly Root[], table: FileTable, desk: Desk, shared: Shared) {
    this.#roots = roots
    this.#table = table
    this.#desk = desk
    this.#shared = shared
  }

  /** Whether one more file may lose its name now; later there is room again. */
  get hasRoom(): boolean {
    return this.#shared.leaving.hasRoom
  }

  /** Those that have not grown for so long (ms, wall clock); now and then nothing, to make a pause. */
  *find(quietMs: number): Generator<FinishedFile | undefined, void> {
    let looked = 0
    for (const file of this.#table.files()) {
      if (this.#desk.now() - file.grewAt >= quietMs && this.#isFinished(file)) {
        yield { file, size: file.size }
      }
      if (++looked % FILES_PER_STEP === 0) yield undefined
    }
  }

  /** Whether the file is as it was found, on disk too. Throws what the file system throws. */
  stands({ file, size }: FinishedFile): boolean {
    if (file.size !== size || !this.#isFinished(file)) return false
    const stats = lstatSync(file.path, { bigint: true, throwIfNoEntry: false })
    return (
      stats?.isFile() === true &&
      stats.dev === file.dev &&
      stats.ino === file.ino &&
      Number(stats.size) === size &&
      Number(stats.mtimeNs) === file.mtimeNs
    )
  }

  /**
   * Takes the file's name away if the file is as it was found; false if not. It stays open: what its
   * writer still adds is read, as of any file that is deleted. Throws what the file system throws.
   */
  unlink(found: FinishedFile): boolean {
    const { file } = found
    const { openFiles, leaving } = this.#shared
    if (!this.stands(found)) return false
    const opened = openFiles.open(file)
    if (opened.type === 'failed') throw new Error(`cannot be opened: ${opened.reason}`)
    if (opened.type === 'moved') return false
    // A file that was closed is compared with what was read of it before this read.
    if (readPiece(file, this.#desk, false).type !== 'end' || !this.stands(found)) return false
    unlinkSync(file.path)
    // From here on it is kept open before others that can be opened again.
    file.gone = { since: this.#desk.now(), sweeps: 0 }
    leaving.add(file)
    return true
  }

  /** Whether all that is known of the file says so; the cheapest first, of 100,000 files. */
  #isFinished(file: TrackedFile): boolean {
    return (
      file.offset === file.size &&
      file.gone === undefined &&
      !file.queued &&
      !file.forgotten &&
      file.failure === undefined &&
      !needsReading(file) &&
      // Not through a symbolic link, and only after a sweep has seen it.
      file.openPath === file.path &&
      !this.#isRoot(file.path) &&
      file.sink?.finished() === true
    )
  }

  /** What somebody named is not one of the files that come and go. */
  #isRoot(path: string): boolean {
    return this.#roots.some(({ real }) => real === path)
  }
}
