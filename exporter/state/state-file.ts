/**
 * The state on disk: one file `state`, a full image followed by what changed since. It is appended
 * to, and replaced by rename; what is in it is never overwritten.
 */
import { rmSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { coalesced } from './coalesced.ts'
import type { FrameKind } from './frame.ts'
import { isSame, type SeenFile, seen, seenSync } from './inode.ts'
import { Log } from './log.ts'
import { makeDirectory } from './make-directory.ts'
import { Rewrite } from './rewrite.ts'
import { WorkQueue } from './work-queue.ts'

/**
 * What is flushed to the disk, against power loss: each commit before it resolves; each one after
 * it has resolved, and a new file before it replaces the old one; or nothing.
 */
export type Fsync = 'always' | 'async' | 'never'

/** Another process has written the state file. Nothing is written from then on, until a restart. */
export class AnotherWriterError extends Error {
  override readonly name = 'AnotherWriterError'
}

/** The only writer of a state directory; see `lockState`. */
export class StateFile {
  readonly #dir: string
  readonly #path: string
  readonly #newPath: string
  readonly #fsync: Fsync
  readonly #failed: (error: Error) => void
  /** What an earlier process has left. */
  readonly #left: SeenFile | undefined
  readonly #queue = new WorkQueue(() => this.#nextPart())
  readonly #flush = coalesced(async () => this.#log?.sync(this.#dir))
  #lastFlush: Promise<void> | undefined
  #log: Log | undefined
  #rewrite: Rewrite | undefined
  #anotherWriter: AnotherWriterError | undefined
  #renamesFlushed: boolean
  #closed = false

  /**
   * Makes the directory if there is none, and removes what an earlier rewrite has left; throws a
   * system error if it cannot. `failed` is told of the failures that no promise tells of.
   */
  constructor(dir: string, fsync: Fsync, failed: (error: Error) => void) {
    this.#dir = dir
    this.#path = join(dir, 'state')
    this.#newPath = join(dir, 'state.tmp')
    this.#fsync = fsync
    this.#failed = failed
    this.#renamesFlushed = fsync !== 'never'
    makeDirectory(dir)
    rmSync(this.#newPath, { force: true })
    this.#left = seenSync(this.#path)
  }

  /**
   * Whether to call `rewrite`: at the start, when a commit failed, and when the log has outgrown
   * its bound. Not while one is under way, and not when another writer was found.
   */
  get wantsImage(): boolean {
    if (this.#closed || this.#anotherWriter !== undefined || this.#rewrite !== undefined)
      return false
    return this.#log?.wantsImage ?? true
  }

  /** Whether a commit can be written without an image before it. */
  get appends(): boolean {
    return this.#log?.complete === true
  }

  /**
   * Begins a new file with an image in parts, one for each turn of the event loop: `next` is
   * called when the part before is written, so it may reuse its memory. Commits go on meanwhile.
   * Resolves after the last part: the next commit that is handed in makes the new file the state.
   * Rejects if it was given up; the old file is as it was. One at a time.
   */
  async rewrite(parts: Iterator<Uint8Array>): Promise<void> {
    this.#refuseIfOver()
    if (this.#rewrite !== undefined) throw new Error('a rewrite is under way')
    const rewrite = new Rewrite(this.#newPath, parts)
    this.#rewrite = rewrite
    this.#queue.wake()
    try {
      await rewrite.parts
      // The bulk is flushed here, beside the commits, so that the last one has little to wait for.
      if (this.#renamesFlushed) await rewrite.file?.sync()
      rewrite.completed()
    } catch (error) {
      await this.#drop(rewrite, error)
      throw error
    }
  }

  /**
   * Writes what changed since the last commit, one commit after the other. The bytes must not
   * change until it settles. Rejects with a system error, with an AnotherWriterError, or with an
   * Error if an earlier commit is missing: then all reject until one has finished a rewrite.
   */
  async commit(batch: Uint8Array): Promise<void> {
    this.#refuseIfOver()
    const finishes = this.#rewrite?.whole === true ? this.#rewrite : undefined
    await this.#queue.ask(() => this.#commit(batch, finishes))
    if (this.#fsync === 'async') this.#flushBehind()
  }

  /**
   * Writes a slice of what changed since the last commit, so that the next one has less to write;
   * it counts only together with that. Rejects as `commit` does, but not if a rewrite has it.
   */
  async slice(rows: Uint8Array): Promise<void> {
    this.#refuseIfOver()
    await this.#queue.ask(async () => {
      try {
        await this.#appendToBoth('part', rows)
      } catch (error) {
        this.#log?.missesCommit()
        if (this.#rewrite === undefined) throw error
      }
    })
  }

  /**
   * Resolves when all that was committed before the call is on the disk, to stay, in every mode;
   * rejects with a system error.
   */
  synced(): Promise<void> {
    // From now on a rename must not put an unflushed file in the place of a flushed one.
    this.#renamesFlushed = true
    return this.#flush()
  }

  /** Waits for the commits handed in, gives up an unfinished rewrite, and flushes unless never. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#queue.ask(async () => {
      if (this.#rewrite !== undefined) await this.#drop(this.#rewrite, closedError())
      if (this.#fsync !== 'never') await this.#flush().catch((error) => this.#failed(error))
      await this.#log?.file.close()
    })
  }

  #refuseIfOver(): void {
    if (this.#anotherWriter !== undefined) throw this.#anotherWriter
    if (this.#closed) throw closedError()
  }

  #nextPart(): (() => Promise<void>) | undefined {
    const rewrite = this.#rewrite
    if (rewrite === undefined || !rewrite.takesParts) return
    return () => rewrite.step().catch((error) => this.#drop(rewrite, error))
  }

  async #commit(batch: Uint8Array, finishes: Rewrite | undefined): Promise<void> {
    try {
      if (finishes !== undefined && finishes === this.#rewrite) await this.#finish(finishes, batch)
      else await this.#appendToBoth('commit', batch)
      if (this.#fsync === 'always') await this.#flush()
    } catch (error) {
      this.#log?.missesCommit()
      throw error
    }
  }

  /** With a log that is complete, a new file that fails costs no commit. */
  async #finish(rewrite: Rewrite, batch: Uint8Array): Promise<void> {
    try {
      await rewrite.file?.append('commit', batch)
      await this.#replaceBy(rewrite)
    } catch (error) {
      await this.#drop(rewrite, error)
      if (this.#anotherWriter !== undefined || this.#log?.complete !== true) throw error
      this.#failed(error as Error)
      await this.#append('commit', batch)
    }
  }

  /** The rewrite needs what the log missed, and the log what the rewrite may lose. */
  async #appendToBoth(kind: FrameKind, batch: Uint8Array): Promise<void> {
    let failure = await failureOf(this.#append(kind, batch))
    const rewrite = this.#rewrite
    if (rewrite !== undefined) {
      const full = isFull(failure) ? failure : undefined
      const lost =
        this.#anotherWriter ?? full ?? (await failureOf(rewrite.file?.append(kind, batch)))
      if (lost !== undefined) await this.#drop(rewrite, lost)
      // A new file must not cost a log that is complete: the space it took is free again.
      if (full !== undefined) failure = await failureOf(this.#append(kind, batch))
      if (lost !== undefined && failure === undefined && rewrite.whole) this.#failed(lost)
    }
    if (failure !== undefined) throw failure
  }

  async #append(kind: FrameKind, batch: Uint8Array): Promise<void> {
    const log = this.#log
    if (log === undefined) throw new Error('no state is written yet: it takes a rewrite')
    if (!log.complete) throw new Error('an earlier commit is not written: it takes a rewrite')
    if ((await this.#ours()) === undefined) throw new Error(`${this.#path} is gone`)
    await log.file.append(kind, batch)
  }

  async #replaceBy(rewrite: Rewrite): Promise<void> {
    const { file } = rewrite
    if (file === undefined) throw new Error('the rewrite was given up')
    if (this.#renamesFlushed) await file.sync()
    await this.#ours()
    const named = await seen(this.#newPath)
    if (named !== undefined && !isSame(named, file)) throw this.#foundAnother(this.#newPath)
    await rename(this.#newPath, this.#path)
    const old = this.#log
    this.#log = new Log(file)
    this.#rewrite = undefined
    // Giving back the space of the old one takes its time, and the commit need not wait for it. A
    // fault in that changes nothing: nobody can read the file any more.
    if (old !== undefined) void this.#queue.ask(() => old.file.close().catch(() => {}))
  }

  /** The state file, if there is one; rejects if it is not as we left it. */
  async #ours(): Promise<SeenFile | undefined> {
    const found = await seen(this.#path)
    if (found !== undefined && !this.#isAsLeft(found)) throw this.#foundAnother(this.#path)
    return found
  }

  #isAsLeft(found: SeenFile): boolean {
    const [log, left] = [this.#log, this.#left]
    if (log === undefined)
      return left !== undefined && isSame(found, left) && found.size === left.size
    // What a failed append has left at its end may be longer.
    return isSame(found, log.file) && (!log.complete || found.size === BigInt(log.file.end))
  }

  #foundAnother(path: string): AnotherWriterError {
    this.#anotherWriter = new AnotherWriterError(`another process has written ${path}`)
    return this.#anotherWriter
  }

  async #drop(rewrite: Rewrite, error: unknown): Promise<void> {
    await rewrite.drop(error)
    if (this.#rewrite !== rewrite) return
    this.#rewrite = undefined
    this.#log?.missesImage()
  }

  #flushBehind(): void {
    const flush = this.#closed ? undefined : this.#flush()
    if (flush === this.#lastFlush) return
    this.#lastFlush = flush
    flush?.catch((error) => this.#failed(error))
  }
}

async function failureOf(
  work: Promise<void> | undefined,
): Promise<NodeJS.ErrnoException | undefined> {
  try {
    await work
    return undefined
  } catch (error) {
    return error as NodeJS.ErrnoException
  }
}

function isFull(error: NodeJS.ErrnoException | undefined): boolean {
  return error?.code === 'ENOSPC' || error?.code === 'EDQUOT'
}

function closedError(): Error {
  return new Error('the state file is closed')
}
