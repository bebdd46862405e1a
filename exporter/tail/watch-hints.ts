import type { FSWatcher as DirectoryWatcher } from 'node:fs'
import { watch as watchDirectory } from 'node:fs'
import type { FSWatcher as TreeWatcher } from 'chokidar'
import { watch as watchTree } from 'chokidar'
import { reasonOf } from './file-errors.ts'
import { isWithin } from './find-file.ts'
import type { Identity } from './identity.ts'

/** Who is told where to look. */
export interface HintTaker {
  /** This path may have changed. */
  hint(path: string): void
  /** Directories may have come or gone. */
  sweepSoon(): void
}

interface Watched {
  readonly dev: bigint
  readonly ino: bigint
  readonly watcher: DirectoryWatcher
}

/**
 * Hints from the kernel: one watch for each scanned directory, and for roots that do not exist a
 * tree watch that waits for them. Hints may be late, doubled or lost; nothing depends on them.
 */
export class WatchHints {
  readonly #taker: HintTaker
  readonly #directories = new Map<string, Watched>()
  #awaited: { readonly key: string; readonly watcher: TreeWatcher } | undefined
  #closing: Promise<void> = Promise.resolve()
  readonly #met = new Set<string>()
  #exhausted = false
  #failed = false

  constructor(taker: HintTaker) {
    this.#taker = taker
  }

  /** Whether a directory could not be watched. */
  get degraded(): boolean {
    return this.#failed
  }

  /** A new round of discovery begins. */
  beginRound(): void {
    this.#met.clear()
    this.#exhausted = false
    this.#failed = false
  }

  /** Watches a directory; to be called before it is listed, so that nothing falls in between. */
  watch(path: string, { dev, ino }: Pick<Identity, 'dev' | 'ino'>): void {
    this.#met.add(path)
    const before = this.#directories.get(path)
    if (before?.dev === dev && before.ino === ino) return
    before?.watcher.close()
    this.#directories.delete(path)
    // Once there is no watch left to be had, the rest of this round need not try.
    if (this.#exhausted) return
    try {
      this.#directories.set(path, { dev, ino, watcher: this.#open(path) })
    } catch (error) {
      const reason = reasonOf(error)
      if (reason === 'gone') return
      this.#failed = true
      this.#exhausted = reason !== 'permission'
    }
  }

  /** Ends the round: directories that it did not meet are let go, absent paths are waited for. */
  endRound(absent: readonly string[]): void {
    for (const [path, { watcher }] of this.#directories) {
      if (this.#met.has(path)) continue
      watcher.close()
      this.#directories.delete(path)
    }
    this.#await(absent)
  }

  /** Ends all watching. */
  async close(): Promise<void> {
    this.beginRound()
    this.endRound([])
    await this.#closing
  }

  #open(path: string): DirectoryWatcher {
    const watcher = watchDirectory(path, (_event, name) => {
      if (name === null) this.#taker.sweepSoon()
      else this.#taker.hint(path === '/' ? `/${name}` : `${path}/${name}`)
    })
    watcher.on('error', () => {
      watcher.close()
      this.#directories.delete(path)
      this.#failed = true
    })
    return watcher
  }

  #await(paths: readonly string[]): void {
    const key = paths.join('\n')
    const before = this.#awaited
    if ((before?.key ?? '') === key) return
    this.#awaited = undefined
    if (paths.length > 0) {
      const watcher = watchTree([...paths], {
        // Only the way to the awaited paths matters: their own contents are scanned by us.
        ignored: (path) => !paths.some((awaited) => isWithin(awaited, path)),
      })
      watcher.on('all', () => this.#taker.sweepSoon())
      watcher.on('error', () => {
        this.#failed = true
      })
      this.#awaited = { key, watcher }
    }
    if (before !== undefined) this.#closing = before.watcher.close()
  }
}
