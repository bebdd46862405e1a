import type { TrackedFile } from './tracked-file.ts'

const SHARE_OF_OPEN_FILES = 0.5

/**
 * Files whose name was taken away and that are held open until their writer can have written no
 * more: of all tailers of the process, and so few that the other files still have room.
 */
export class LeavingFiles {
  readonly #most: number
  readonly #files = new Set<TrackedFile>()

  constructor(maxOpenFiles: number) {
    this.#most = Math.max(1, Math.floor(maxOpenFiles * SHARE_OF_OPEN_FILES))
  }

  /** Whether one more may leave now. */
  get hasRoom(): boolean {
    if (this.#files.size < this.#most) return true
    for (const file of this.#files) if (file.fd < 0) this.#files.delete(file)
    return this.#files.size < this.#most
  }

  /** A file that is open has lost its name. */
  add(file: TrackedFile): void {
    this.#files.add(file)
  }
}
