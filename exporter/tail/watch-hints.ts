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
  readonly inode: string
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
  #failed = false

  constructor(taker: HintTaker) {
    this.#taker = taker
  }

  /** Whether a directory could not be watched. */
  get degraded(): boolean {
    return this.#failed
  }

  /** Watches exactly these directories, and waits for these absent paths. */
  follow(
    directories: ReadonlyMap<string, Pick<Identity, 'dev' | 'ino'>>,
    absent: readonly string[],
  ): void {
    this.#failed = false
    for (const [path, { watcher }] of this.#directories) {
      if (directories.has(path)) continue
      watcher.close()
      this.#directories.delete(path)
    }
    for (const [path, stats] of directories) {
      if (!this.#watch(path, `${stats.dev} ${stats.ino}`)) break
    }
    this.#await(absent)
  }

  /** Ends all watching. */
  async close(): Promise<void> {
    this.follow(new Map(), [])
    await this.#closing
  }

  /** False if there is no watch left to be had: then the rest need not be tried. */
  #watch(path: string, inode: string): boolean {
    const before = this.#directories.get(path)
    if (before?.inode === inode) return true
    before?.watcher.close()
    this.#directories.delete(path)
    try {
      const watcher = watchDirectory(path, (_event, name) => {
        if (name === null) this.#taker.sweepSoon()
        else this.#taker.hint(path === '/' ? `/${name}` : `${path}/${name}`)
      })
      watcher.on('error', () => {
        watcher.close()
        this.#directories.delete(path)
        this.#failed = true
      })
      this.#directories.set(path, { inode, watcher })
      return true
    } catch (error) {
      const reason = reasonOf(error)
      if (reason === 'gone') return true
      this.#failed = true
      return reason === 'permission'
    }
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
        ignoreInitial: true,
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
