/** Keeps the state on disk: before each page that is shown, every ten seconds without one, and at the end. */
import type { Checkpoint } from './checkpoint.ts'
import type { StateMetrics } from './collectors/state.ts'
import type { Logger } from './logging.ts'
import type { StateFile } from './state/state-file.ts'

const SAVE_EVERY_MS = 10_000

export class StateKeeper {
  readonly #file: StateFile
  readonly #checkpoint: Checkpoint
  readonly #metrics: StateMetrics
  readonly #log: Logger
  #preparing: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #savedAt = 0
  #failing = false

  constructor(file: StateFile, checkpoint: Checkpoint, metrics: StateMetrics, log: Logger) {
    this.#file = file
    this.#checkpoint = checkpoint
    this.#metrics = metrics
    this.#log = log
  }

  /** Saves whenever nobody asked for a page for ten seconds. */
  start(): void {
    this.#timer = setInterval(() => {
      if (performance.now() - this.#savedAt >= SAVE_EVERY_MS) void this.save()
    }, SAVE_EVERY_MS / 10)
    this.#timer.unref()
  }

  /**
   * Writes what would hold up the event loop if the next batch had to write it: an image, if it needs one
   * under it, or else most of what changed. Never rejects.
   */
  async prepare(): Promise<void> {
    this.#preparing ??= this.#prepare()
      .catch((error) => this.failed(error))
      .finally(() => {
        this.#preparing = undefined
      })
    await this.#preparing
  }

  async #prepare(): Promise<void> {
    if (this.#file.wantsImage) {
      if (!this.#file.appends) this.#checkpoint.forgetChanges()
      await this.#file.rewrite(this.#checkpoint.image())
    }
    for (const slice of this.#checkpoint.changes()) await this.#file.slice(slice)
  }

  /**
   * Takes everything as it is in this very turn, and resolves to whether it was written. Never rejects:
   * an exporter that cannot save goes on.
   */
  async saveNow(): Promise<boolean> {
    this.#savedAt = performance.now()
    // An image that failed was counted; a batch without one under it would be worth nothing.
    if (this.#file.wantsImage) return false
    try {
      await this.#file.commit(this.#checkpoint.batch())
    } catch (error) {
      this.failed(error)
      return false
    }
    this.#metrics.written(Date.now() * 1000)
    if (this.#failing) this.#log.info('the state is saved again')
    this.#failing = false
    return true
  }

  /** Saves as soon as possible; resolves to whether it was written. */
  async save(): Promise<boolean> {
    await this.prepare()
    return this.saveNow()
  }

  /** Saves, and waits for the disk; false if that failed. */
  async saveForGood(): Promise<boolean> {
    if (!(await this.save())) return false
    try {
      await this.#file.synced()
      return true
    } catch (error) {
      this.failed(error)
      return false
    }
  }

  /** Saves a last time. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.save()
    await this.#file.close().catch((error) => this.failed(error))
  }

  /** Writing failed: counted each time, told once until it works again. */
  failed(error: unknown): void {
    this.#metrics.failed()
    if (!this.#failing)
      this.#log.error('the state cannot be saved: a crash now may lose or repeat', { error })
    this.#failing = true
  }
}
