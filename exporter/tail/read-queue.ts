import type { TrackedFile } from './tracked-file.ts'

const COMPACT_AT = 1024

/** The files that wait to be read, first come first served, each at most once. */
export class ReadQueue {
  #files: TrackedFile[] = []
  #next = 0

  /** Number of waiting files. */
  get size(): number {
    return this.#files.length - this.#next
  }

  /** Puts the file at the end, unless it waits already. */
  add(file: TrackedFile): void {
    if (file.queued) return
    file.queued = true
    this.#files.push(file)
  }

  /** Takes the file that has waited longest. */
  take(): TrackedFile | undefined {
    const file = this.#files[this.#next]
    if (file === undefined) return undefined
    this.#next++
    file.queued = false
    if (this.#next === this.#files.length || this.#next >= COMPACT_AT) {
      this.#files = this.#files.slice(this.#next)
      this.#next = 0
    }
    return file
  }
}
