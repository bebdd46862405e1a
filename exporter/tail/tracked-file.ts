import type { BigIntStats } from 'node:fs'
import type { FileSink } from './sink.ts'

/** How much is read of one file at a time, in bytes; more only while one record needs it. */
export const READ_BYTES = 256 * 1024

const RETRY_FIRST_MS = 1000
const RETRY_LAST_MS = 60_000

/**
 * One file, by its inode and not by its name. The first block is all that has to be saved to go on
 * after a restart; the rest is rebuilt by looking at the file.
 */
export interface TrackedFile {
  /** Number of the file in its source, for the state. */
  readonly id: number
  /** Whether what is saved of it changed since it was saved. */
  touched: boolean
  /** Where the file was found last. */
  path: string
  dev: bigint
  ino: bigint
  birthtimeNs: bigint
  /** Number of bytes at the beginning that `headHash` covers. */
  headLength: number
  headHash: number
  /** Number of bytes before `offset` that `markerHash` covers; 0: nothing to compare. */
  markerLength: number
  markerHash: number
  /** Position of the first unused byte. */
  offset: number
  /** Position below which bytes do not count as seen: they were there before us. */
  start: number

  /** What to open: `path`, with a symbolic link resolved. */
  openPath: string
  /** The real root that `openPath` must not leave. */
  boundary: string
  /** Size in bytes as last seen. */
  size: number
  /** Last modification, rounded to what a number holds. */
  mtimeNs: number
  /** End of the bytes that the sink has been offered. */
  offered: number
  /** End of the bytes that have been read; NUL bytes at the very end are read but not offered. */
  readTo: number
  /** How many bytes to ask for next. */
  readSize: number
  /** While a run of NUL bytes at `offset` is being measured: its end so far. */
  holeEnd: number
  /** Whether head, size and marker must be compared before the next byte is used. */
  unverified: boolean
  /** Wall clock (ms) of the last growth. */
  grewAt: number
  /** Wall clock (ms) since when there are bytes that were not read; 0: none. */
  behindSince: number
  /** Set after an error: wall clock (ms) before which the file is left alone, and the pause. */
  failure: { readonly retryAt: number; readonly pauseMs: number } | undefined
  /** Number of the sweep that saw the file last. */
  sweep: number
  /** Set while no path leads to the file: wall clock (ms) since when, and the sweeps since then. */
  gone: { readonly since: number; sweeps: number } | undefined
  /** -1: not open. */
  fd: number
  queued: boolean
  /** No longer tracked. */
  forgotten: boolean
  sink: FileSink | undefined
}

/** A file just found, to be read from byte `start` on. */
export function trackFile(
  id: number,
  found: { path: string; openPath: string; boundary: string; stats: BigIntStats },
  start: number,
  now: number,
): TrackedFile {
  const { path, openPath, boundary, stats } = found
  return {
    id,
    touched: true,
    path,
    dev: stats.dev,
    ino: stats.ino,
    birthtimeNs: stats.birthtimeNs,
    headLength: 0,
    headHash: 0,
    markerLength: 0,
    markerHash: 0,
    offset: start,
    start,
    openPath,
    boundary,
    size: Number(stats.size),
    mtimeNs: Number(stats.mtimeNs),
    offered: start,
    readTo: start,
    readSize: READ_BYTES,
    holeEnd: 0,
    unverified: false,
    grewAt: Math.min(now, Number(stats.mtimeMs)),
    behindSince: 0,
    failure: undefined,
    sweep: 0,
    gone: undefined,
    fd: -1,
    queued: false,
    forgotten: false,
    sink: undefined,
  }
}

/** Bytes between the first unused byte and `end` that count as seen. */
export function unusedBytes(file: TrackedFile, end: number): number {
  return Math.max(0, end - Math.max(file.offset, file.start))
}

/** Whether there is something to read, or to compare, that reading has not come to. */
export function needsReading(file: TrackedFile): boolean {
  return file.unverified || file.size > file.readTo
}

/** Takes over what stat says of the file; a shrunk or rewritten one is compared before reading. */
export function noteSize(file: TrackedFile, stats: BigIntStats, now: number): void {
  const size = Number(stats.size)
  const mtimeNs = Number(stats.mtimeNs)
  if (size > file.size) {
    file.size = size
    file.touched = true
    file.grewAt = now
  } else if (size < file.size || mtimeNs !== file.mtimeNs) {
    file.unverified = true
    file.touched = true
  }
  file.mtimeNs = mtimeNs
  if (file.size > file.readTo && file.behindSince === 0) file.behindSince = now
}

/** Leaves the file alone for a while, for twice as long after each failure in a row. */
export function backOff(file: TrackedFile, now: number): void {
  const before = file.failure?.pauseMs
  const pauseMs = before === undefined ? RETRY_FIRST_MS : Math.min(2 * before, RETRY_LAST_MS)
  file.failure = { retryAt: now + pauseMs, pauseMs }
}
