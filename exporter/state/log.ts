import type { AppendFile } from './append-file.ts'
import { syncDirectory } from './inode.ts'

/** The log may grow to the larger of these bytes and this many images. */
const SMALL_LOG_BYTES = 4 * 1024 * 1024
const IMAGES_OF_LOG = 2

/** The state file that is appended to, and when it has to be replaced. */
export class Log {
  readonly file: AppendFile
  readonly #imageBytes: number
  #boundBytes: number
  #complete = true
  #named = false

  /** A file that holds an image, and has just got its name. */
  constructor(file: AppendFile) {
    this.file = file
    this.#imageBytes = file.end
    this.#boundBytes = Math.max(SMALL_LOG_BYTES, IMAGES_OF_LOG * file.end)
  }

  /** Whether every commit is in it. */
  get complete(): boolean {
    return this.#complete
  }

  /** Whether a new image is due. */
  get wantsImage(): boolean {
    if (!this.#complete || this.file.suspect) return true
    return this.file.end - this.#imageBytes > this.#boundBytes
  }

  /**
   * An image could not be written. While the log is complete it may grow to twice its length
   * first: each try fills a disk that is nearly full, which others write to as well.
   */
  missesImage(): void {
    const twice = 2 * (this.file.end - this.#imageBytes)
    this.#boundBytes = Math.max(this.#boundBytes, twice)
  }

  /** A commit is not in it: none after it may be either. */
  missesCommit(): void {
    this.#complete = false
  }

  /** Waits until the file and its name are on the disk; rejects with a system error. */
  async sync(dir: string): Promise<void> {
    await this.file.sync()
    if (this.#named) return
    await syncDirectory(dir)
    this.#named = true
  }
}
