import type { BigIntStats } from 'node:fs'
import { lstatSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type FileErrors, reasonOf } from './file-errors.ts'
import type { TrackedFile } from './tracked-file.ts'

/** Where a file is now; `unknown`: its directory could not be listed. */
export type Search =
  | { readonly type: 'moved'; readonly path: string }
  | { readonly type: 'absent' }
  | { readonly type: 'unknown' }

/**
 * Finds files that were renamed while nobody looked: rotation gives a file another name in its own
 * directory, often one that the source does not read. Each directory is listed once.
 */
export class MovedFiles {
  readonly #isRead: (name: string) => boolean
  readonly #errors: FileErrors
  readonly #directories = new Map<string, ReadonlyMap<bigint, Moved> | 'unknown'>()

  /** `isRead`: names that a scan finds anyway. */
  constructor(isRead: (name: string) => boolean, errors: FileErrors) {
    this.#isRead = isRead
    this.#errors = errors
  }

  /** Looks for the file under another name in its directory. */
  find({ path, dev, ino, birthtimeNs }: TrackedFile): Search {
    const directory = dirname(path)
    let files = this.#directories.get(directory)
    if (files === undefined) {
      files = this.#list(directory)
      this.#directories.set(directory, files)
    }
    if (files === 'unknown') return { type: 'unknown' }
    const moved = files.get(ino)
    // Without a time of birth the inode may be another file by now.
    const isSame = moved?.stats.dev === dev && moved.stats.birthtimeNs === birthtimeNs
    return isSame && birthtimeNs !== 0n ? { type: 'moved', path: moved.path } : { type: 'absent' }
  }

  #list(directory: string): ReadonlyMap<bigint, Moved> | 'unknown' {
    const files = new Map<bigint, Moved>()
    try {
      for (const name of readdirSync(directory)) {
        if (this.#isRead(name)) continue
        const path = join(directory, name)
        const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false })
        if (stats?.isFile()) files.set(stats.ino, { path, stats })
      }
    } catch (error) {
      const reason = reasonOf(error)
      if (reason !== 'gone') {
        this.#errors.report(reason, directory)
        return 'unknown'
      }
    }
    return files
  }
}

interface Moved {
  readonly path: string
  readonly stats: BigIntStats
}
