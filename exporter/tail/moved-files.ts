import type { BigIntStats } from 'node:fs'
import { lstatSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { reasonOf } from './file-errors.ts'
import type { TrackedFile } from './tracked-file.ts'

/**
 * Finds files that were renamed while nobody looked: rotation gives a file another name in its own
 * directory, often one that the source does not read. Each directory is listed once.
 */
export class MovedFiles {
  readonly #isRead: (name: string) => boolean
  readonly #directories = new Map<string, ReadonlyMap<bigint, Moved>>()

  /** `isRead`: names that a scan finds anyway. */
  constructor(isRead: (name: string) => boolean) {
    this.#isRead = isRead
  }

  /** The file's new path; undefined if it is not in its directory. */
  find({ path, dev, ino, birthtimeNs }: TrackedFile): string | undefined {
    const directory = dirname(path)
    let files = this.#directories.get(directory)
    if (files === undefined) {
      files = this.#list(directory)
      this.#directories.set(directory, files)
    }
    const moved = files.get(ino)
    // Without a time of birth the inode may be another file by now.
    const isSame = moved?.stats.dev === dev && moved.stats.birthtimeNs === birthtimeNs
    return isSame && birthtimeNs !== 0n ? moved.path : undefined
  }

  #list(directory: string): ReadonlyMap<bigint, Moved> {
    const files = new Map<bigint, Moved>()
    try {
      for (const name of readdirSync(directory)) {
        if (this.#isRead(name)) continue
        const path = join(directory, name)
        const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false })
        if (stats?.isFile()) files.set(stats.ino, { path, stats })
      }
    } catch (error) {
      reasonOf(error)
    }
    return files
  }
}

interface Moved {
  readonly path: string
  readonly stats: BigIntStats
}
