import type { TrackedFile } from './tracked-file.ts'
import { unusedBytes } from './tracked-file.ts'

/** What is known of the files of one source at one moment. */
export interface TailStatus {
  /** Whether the last scan of all roots succeeded; a directory without files is up. */
  readonly up: boolean
  /** Files that are held open. */
  readonly filesOpen: number
  /** Files that are not open though bytes of them wait. */
  readonly filesParked: number
  /** Files that are not open and were used to the last byte. */
  readonly filesComplete: number
  /** Bytes on disk that no sink has used, unterminated tails included. */
  readonly lagBytes: number
  /** For how long bytes have been waiting that were not read yet. */
  readonly lagSeconds: number
  /** Size of all tracked files together. */
  readonly onDiskBytes: number
  /** Whether the kernel's hints are missing for some directory. */
  readonly watchDegraded: boolean
  /** Last modification of any file, wall clock in ms. */
  readonly newestWriteMs?: number
}

/** Adds up the files. */
export function statusOf(known: {
  readonly up: boolean
  readonly watchDegraded: boolean
  readonly newestWriteMs: number | undefined
  readonly files: Iterable<TrackedFile>
  readonly now: number
}): TailStatus {
  let filesOpen = 0
  let filesParked = 0
  let filesComplete = 0
  let lagBytes = 0
  let onDiskBytes = 0
  let behindSince = known.now
  for (const file of known.files) {
    const unused = unusedBytes(file, file.size)
    if (file.fd >= 0) filesOpen++
    else if (unused > 0) filesParked++
    else filesComplete++
    lagBytes += unused
    onDiskBytes += file.size
    if (file.behindSince > 0) behindSince = Math.min(behindSince, file.behindSince)
  }
  return {
    up: known.up,
    filesOpen,
    filesParked,
    filesComplete,
    lagBytes,
    lagSeconds: (known.now - behindSince) / 1000,
    onDiskBytes,
    watchDegraded: known.watchDegraded,
    ...(known.newestWriteMs === undefined ? {} : { newestWriteMs: known.newestWriteMs }),
  }
}
