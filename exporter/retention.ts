/**
 * Takes away the files of one source that are read to their end and finished, some time after they
 * grew last, once a state that covers them is on the disk. Whatever fails leaves the file as it is.
 */
import { rmSync } from 'node:fs'
import type { RetentionAction } from './collectors/retention.ts'
import type { Logger } from './logging.ts'
import { breaths } from './retention/breaths.ts'
import { compressFile } from './retention/compress-file.ts'
import { Failures } from './retention/failures.ts'
import type { OneAtATime } from './retention/one-at-a-time.ts'
import type { FinishedFile, FinishedFiles } from './tail/finished-files.ts'
import type { TrackedFile } from './tail/tracked-file.ts'

/** How many files are dealt with between two saves of the state. */
const FILES_PER_ROUND = 1000

/** A round that fails so often ends: most likely the next file would fail too. */
const MOST_FAILURES = 10

const LEAST_INTERVAL_MS = 1000
const MOST_INTERVAL_MS = 60_000
const INTERVALS_PER_DELAY = 10

/** What is to become of finished files. */
export interface RetentionSettings {
  readonly action: 'delete' | 'gzip'
  /** Time since the last growth, in ms. */
  readonly delayMs: number
  /** Only tells and counts. */
  readonly dryRun: boolean
}

/** What retention works with. */
export interface RetentionParts {
  /** Name of the source, for the log. */
  readonly source: string
  readonly settings: RetentionSettings
  readonly files: FinishedFiles
  /** Resolves to whether everything as it is now is on the disk to stay; must not reject. */
  readonly saveForGood: () => Promise<boolean>
  readonly count: (action: RetentionAction) => void
  /** Shared by all sources: files are compressed one at a time. */
  readonly compressing: OneAtATime
  /** Wall clock in ms. */
  readonly now: () => number
  readonly log: Logger
}

/** What can happen to a file under these settings. */
export function possibleActions({ action, dryRun }: RetentionSettings): RetentionAction[] {
  if (dryRun) return [action === 'delete' ? 'would_delete' : 'would_compress']
  return [action === 'delete' ? 'deleted' : 'compressed', 'failed']
}

export class Retention {
  readonly #parts: RetentionParts
  readonly #success: RetentionAction
  readonly #failures = new Failures()
  readonly #stop = new AbortController()
  /** Files of which a dry run has told. */
  readonly #told = new WeakSet<TrackedFile>()
  #timer: NodeJS.Timeout | undefined
  #run: Promise<void> | undefined

  constructor(parts: RetentionParts) {
    const [success = 'failed'] = possibleActions(parts.settings)
    this.#parts = parts
    this.#success = success
  }

  /** Looks for finished files now and then. */
  start(): void {
    const { source, settings, log } = this.#parts
    log.info('files do not stay once they are read and finished', { source, ...settings })
    this.#runAfter(this.#intervalMs)
  }

  /** From now on no file is touched, and nothing is counted. */
  halt(): void {
    this.#stop.abort()
    clearTimeout(this.#timer)
  }

  /** The same; resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    this.halt()
    await this.#run
  }

  /** One look at all files; resolves to whether there is more to do soon. Never rejects. */
  async round(): Promise<boolean> {
    if (!this.#hasRoom) return true
    const breathe = breaths()
    const found = await this.#find(breathe)
    if (found.length === 0 || !(await this.#parts.saveForGood())) return false
    let done = 0
    let failures = 0
    let hasRoom = true
    for (const one of found) {
      await breathe()
      hasRoom = this.#hasRoom
      if (this.#isStopped || !hasRoom || failures === MOST_FAILURES) break
      const action = await this.#takeAway(one)
      if (action === undefined || this.#isStopped) continue
      this.#parts.count(action)
      if (action === 'failed') failures += 1
      else done += 1
    }
    const { source, log } = this.#parts
    if (done > 0) log.info('files that were read and finished', { source, [this.#success]: done })
    return failures === 0 && (found.length === FILES_PER_ROUND || !hasRoom)
  }

  get #isStopped(): boolean {
    return this.#stop.signal.aborted
  }

  /** Files without a name stay open for a while; then there is room for others. */
  get #hasRoom(): boolean {
    const { settings, files } = this.#parts
    return settings.dryRun || files.hasRoom
  }

  get #intervalMs(): number {
    const part = this.#parts.settings.delayMs / INTERVALS_PER_DELAY
    return Math.min(Math.max(part, LEAST_INTERVAL_MS), MOST_INTERVAL_MS)
  }

  #runAfter(ms: number): void {
    const run = async () => {
      const isMore = await this.round()
      if (!this.#isStopped) this.#runAfter(isMore ? LEAST_INTERVAL_MS : this.#intervalMs)
    }
    this.#timer = setTimeout(() => {
      this.#run = run()
    }, ms)
    this.#timer.unref()
  }

  async #find(breathe: () => Promise<void>): Promise<FinishedFile[]> {
    const { files, settings, now } = this.#parts
    const found: FinishedFile[] = []
    for (const one of files.find(settings.delayMs)) {
      if (one === undefined) await breathe()
      else if (!this.#told.has(one.file) && !this.#failures.isPaused(one.file, now())) {
        found.push(one)
      }
      if (found.length === FILES_PER_ROUND || this.#isStopped) break
    }
    return found
  }

  /** What happened to the file; undefined if it is not any more what it was. */
  async #takeAway(found: FinishedFile): Promise<RetentionAction | undefined> {
    const { files, settings } = this.#parts
    try {
      if (settings.dryRun) return files.stands(found) ? this.#tell(found) : undefined
      const gone = settings.action === 'delete' ? files.unlink(found) : await this.#compress(found)
      if (!gone) return undefined
      this.#failures.succeeded()
      return this.#success
    } catch (error) {
      if (!this.#isStopped) this.#fail(found.file, error)
      return 'failed'
    }
  }

  #tell({ file, size }: FinishedFile): RetentionAction {
    const { source, log } = this.#parts
    this.#told.add(file)
    log.info('a file that would go', { source, action: this.#success, path: file.path, size })
    return this.#success
  }

  /** True if NAME.gz stands where NAME stood. */
  #compress(found: FinishedFile): Promise<boolean> {
    const { files, compressing } = this.#parts
    const { path, dev, ino } = found.file
    const { signal } = this.#stop
    const stands = () => !signal.aborted && files.stands(found)
    return compressing.do(async () => {
      const compressed = await compressFile({ path, dev, ino, size: found.size, stands }, signal)
      let gone = false
      try {
        gone = compressed !== 'changed' && !signal.aborted && files.unlink(found)
      } finally {
        if (!gone && compressed === 'made') rmSync(`${path}.gz`, { force: true })
      }
      return gone
    })
  }

  #fail(file: TrackedFile, error: unknown): void {
    const { source, now, log } = this.#parts
    if (!this.#failures.failed(file, error, now())) return
    log.warn('a file that should go stays; the like is not told again', {
      source,
      path: file.path,
      error,
    })
  }
}
