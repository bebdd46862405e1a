import type { TrackedFile } from './tracked-file.ts'
import { needsReading } from './tracked-file.ts'

/** What was there to be read at the start: how far each file has to be read until it is applied. */
export class Backlog {
  #waiting: { readonly file: TrackedFile; readonly to: number }[]

  /** Measures what waits now. */
  constructor(files: Iterable<TrackedFile>) {
    this.#waiting = []
    for (const file of files) {
      if (needsReading(file)) this.#waiting.push({ file, to: file.size })
    }
  }

  /** Whether all of it was read, or cannot be; what was written later does not count. */
  isApplied(): boolean {
    this.#waiting = this.#waiting.filter(
      ({ file, to }) => !file.forgotten && file.failure === undefined && isBehind(file, to),
    )
    return this.#waiting.length === 0
  }
}

function isBehind(file: TrackedFile, to: number): boolean {
  return file.unverified || file.readTo < Math.min(to, file.size)
}
