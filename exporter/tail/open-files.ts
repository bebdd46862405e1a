import { closeSync, constants, fstatSync, openSync, readFileSync, readlinkSync } from 'node:fs'
import { reasonOf } from './file-errors.ts'
import { isWithin } from './find-file.ts'
import type { FileErrorReason } from './sink.ts'
import type { TrackedFile } from './tracked-file.ts'
import { needsReading, unusedBytes } from './tracked-file.ts'

const MOST_FILES = 4096
const SHARE_OF_LIMIT = 0.8
const VICTIMS_LOOKED_AT = 64
const OPENS_PER_REGAINED = 256

// A FIFO or a device put in the place of a file must neither block the open nor be followed to.
const READ_ONLY = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

/**
 * `open`: with `squeezed` if the process had run out of file descriptors. `moved`: the path leads to another file
 * now, or to none; the next sweep finds out.
 */
export type OpenResult =
  | { readonly type: 'open'; readonly squeezed: boolean }
  | { readonly type: 'moved' }
  | { readonly type: 'failed'; readonly reason: FileErrorReason }

const OPEN: OpenResult = { type: 'open', squeezed: false }
const SQUEEZED: OpenResult = { type: 'open', squeezed: true }
const MOVED: OpenResult = { type: 'moved' }

/** 4,096 files, or 80 % of what the kernel allows this process where that can be read. */
export function defaultMaxOpenFiles(): number {
  try {
    const line = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))
    const limit = Number(line?.[1] ?? Number.POSITIVE_INFINITY)
    return Math.max(1, Math.min(MOST_FILES, Math.floor(limit * SHARE_OF_LIMIT)))
  } catch {
    return MOST_FILES
  }
}

/**
 * The open files of all tailers of the process, least recently used first. A file over the limit is
 * parked: closed, but tracked, and opened again when it grows.
 */
export class OpenFiles {
  readonly #most: number
  #limit: number
  #opened = 0
  readonly #files = new Set<TrackedFile>()

  constructor(limit: number) {
    this.#most = limit
    this.#limit = limit
  }

  /** Whether a file can be opened without parking another. */
  get hasRoom(): boolean {
    return this.#files.size < this.#limit
  }

  /** Sees to it that the file is open; parks others for it. A reopened file must be verified. */
  open(file: TrackedFile): OpenResult {
    if (file.fd >= 0) {
      this.#files.delete(file)
      this.#files.add(file)
      return OPEN
    }
    while (!this.hasRoom) this.#parkOne()
    const first = this.#tryOpen(file)
    if (first.type !== 'failed' || first.reason !== 'limit') return first
    this.relieve()
    const second = this.#tryOpen(file)
    return second.type === 'open' ? SQUEEZED : second
  }

  /** The process has no file descriptor left: gives a fifth of ours back for long. */
  relieve(): void {
    this.#limit = Math.max(1, Math.floor(this.#files.size * SHARE_OF_LIMIT))
    while (this.#files.size > this.#limit) this.#parkOne()
  }

  /** Closes the file if it is open. */
  park(file: TrackedFile): void {
    if (file.fd < 0) return
    this.#files.delete(file)
    closeSync(file.fd)
    file.fd = -1
  }

  #tryOpen(file: TrackedFile): OpenResult {
    let fd = -1
    try {
      fd = openSync(file.openPath, READ_ONLY)
      const refusal = refuse(fd, file)
      if (refusal !== undefined) {
        closeSync(fd)
        return refusal
      }
    } catch (error) {
      if (fd >= 0) closeSync(fd)
      const reason = reasonOf(error)
      return reason === 'gone' ? MOVED : { type: 'failed', reason }
    }
    file.fd = fd
    file.unverified ||= file.offset > 0 || file.headLength > 0
    this.#files.add(file)
    if (++this.#opened % OPENS_PER_REGAINED === 0 && this.#limit < this.#most) this.#limit++
    return OPEN
  }

  /** What was read to its end and can still be found by its name goes first. */
  #parkOne(): void {
    let victim: TrackedFile | undefined
    let looked = 0
    for (const file of this.#files) {
      if (file.gone === undefined && !needsReading(file) && unusedBytes(file, file.size) === 0) {
        victim = file
        break
      }
      if (victim === undefined || (victim.gone && !file.gone)) victim = file
      // What has no name cannot be opened again: those must not be all that is looked at.
      if (++looked >= VICTIMS_LOOKED_AT && victim.gone === undefined) break
    }
    if (victim !== undefined) this.park(victim)
  }
}

function refuse(fd: number, file: TrackedFile): OpenResult | undefined {
  const stats = fstatSync(fd, { bigint: true })
  if (!stats.isFile()) return { type: 'failed', reason: 'not_regular' }
  if (stats.dev !== file.dev || stats.ino !== file.ino) return MOVED
  if (!isInside(fd, file.boundary)) return { type: 'failed', reason: 'outside_root' }
  return undefined
}

/** Asks the kernel where an open file is: a directory on the way may have been swapped for a link. */
export function isInside(fd: number, boundary: string): boolean {
  try {
    const real = readlinkSync(`/proc/self/fd/${fd}`)
    return isWithin(real, boundary) || real === `${boundary} (deleted)`
  } catch {
    return true
  }
}
