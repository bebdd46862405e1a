import type { Desk } from './desk.ts'
import type { FileErrors } from './file-errors.ts'
import { reasonOf } from './file-errors.ts'
import type { OpenFiles } from './open-files.ts'
import type { Piece } from './read-piece.ts'
import { readPiece } from './read-piece.ts'
import { ReadQueue } from './read-queue.ts'
import type { FileErrorReason } from './sink.ts'
import type { TrackedFile } from './tracked-file.ts'
import { backOff } from './tracked-file.ts'

const TURN_BYTES = 4 * 1024 * 1024

/** Reads the waiting files of one source, a piece of each in turn. */
export class FileReader {
  readonly queue = new ReadQueue()
  readonly #desk: Desk
  readonly #openFiles: OpenFiles
  readonly #errors: FileErrors

  constructor(desk: Desk, openFiles: OpenFiles, errors: FileErrors) {
    this.#desk = desk
    this.#openFiles = openFiles
    this.#errors = errors
  }

  /** Reads until nothing waits, 4 MiB were read or `isLate` says so. */
  readSome(isLate: () => boolean): void {
    let bytes = 0
    while (bytes < TURN_BYTES && !isLate()) {
      const file = this.queue.take()
      if (file === undefined) return
      bytes += this.#readOne(file)
    }
  }

  #readOne(file: TrackedFile): number {
    if (file.forgotten || !this.#open(file)) return 0
    const piece = this.#readPiece(file)
    if (piece === undefined) return 0
    file.failure = undefined
    if (piece.type === 'more') this.queue.add(file)
    return piece.bytes
  }

  #open(file: TrackedFile): boolean {
    const result = this.#openFiles.open(file)
    if (result.type === 'failed') this.#fail(file, result.reason)
    if (result.type === 'open' && result.squeezed) this.#errors.report('limit', file.path)
    return result.type === 'open'
  }

  #readPiece(file: TrackedFile): Piece | undefined {
    try {
      return readPiece(file, this.#desk, false)
    } catch (error) {
      const reason = reasonOf(error)
      this.#fail(file, reason === 'gone' ? 'io' : reason)
      // A stale handle is of no more use; a file without a path cannot be opened again.
      if (file.gone === undefined) this.#openFiles.park(file)
      return undefined
    }
  }

  #fail(file: TrackedFile, reason: FileErrorReason): void {
    this.#errors.report(reason, file.path)
    backOff(file, this.#desk.now())
  }
}
