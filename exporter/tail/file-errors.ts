import type { FileErrorReason, TailObserver } from './sink.ts'

const REPEAT_AFTER_MS = 60_000
const REMEMBERED = 10_000

const REASONS: Readonly<Record<string, FileErrorReason | 'gone'>> = {
  ENOENT: 'gone',
  ENOTDIR: 'gone',
  EACCES: 'permission',
  EPERM: 'permission',
  EIO: 'io',
  ESTALE: 'io',
  ETIMEDOUT: 'io',
  EMFILE: 'limit',
  ENFILE: 'limit',
  ELOOP: 'not_regular',
  ENXIO: 'not_regular',
  EISDIR: 'not_regular',
}

/**
 * The bounded reason of a file system error; `gone` when the path names nothing any more. Throws
 * what is no answer of the file system: a mistake of ours must not pass for a bad file.
 */
export function reasonOf(error: unknown): FileErrorReason | 'gone' {
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) throw error
  return REASONS[String(error.code)] ?? 'other'
}

/** Passes errors on to the observer, each path and reason at most once in a minute. */
export class FileErrors {
  readonly #observer: TailObserver
  readonly #now: () => number
  readonly #told = new Map<string, number>()

  constructor(observer: TailObserver, now: () => number) {
    this.#observer = observer
    this.#now = now
  }

  /** Reports `path` unless the same was reported within the last minute. */
  report(reason: FileErrorReason, path: string): void {
    const key = `${reason} ${path}`
    const before = this.#told.get(key)
    const now = this.#now()
    if (before !== undefined && now - before < REPEAT_AFTER_MS) return
    this.#told.delete(key)
    this.#told.set(key, now)
    // The writer of the directory chooses the names: what is remembered of them is bounded.
    if (this.#told.size > REMEMBERED) this.#told.delete(this.#told.keys().next().value ?? key)
    this.#observer.fileError(reason, path)
  }
}
