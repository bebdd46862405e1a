import type { TrackedFile } from '../tail/tracked-file.ts'
import { AnotherFileThere } from './compress-file.ts'

const RETRY_FIRST_MS = 60_000
const RETRY_LAST_MS = 3_600_000

/** Files that could not be taken away: each is left alone for a while, for twice as long each time. */
export class Failures {
  readonly #pauses = new WeakMap<TrackedFile, { readonly until: number; readonly ms: number }>()
  readonly #told = new Set<string>()

  /** Whether the file is left alone at this time, wall clock in ms. */
  isPaused(file: TrackedFile, now: number): boolean {
    return (this.#pauses.get(file)?.until ?? 0) > now
  }

  /** Notes a failure; true if a person should hear of it: what fails for all files is told once. */
  failed(file: TrackedFile, error: unknown, now: number): boolean {
    const before = this.#pauses.get(file)
    const ms = before === undefined ? RETRY_FIRST_MS : Math.min(2 * before.ms, RETRY_LAST_MS)
    this.#pauses.set(file, { until: now + ms, ms })
    if (error instanceof AnotherFileThere) return before === undefined
    const { code, name } = error as NodeJS.ErrnoException
    const kind = code ?? name
    const isNew = !this.#told.has(kind)
    this.#told.add(kind)
    return isNew
  }

  /** A file went: what fails from now on is news. */
  succeeded(): void {
    this.#told.clear()
  }
}
