import type { TailStatus } from '../tail/tail-status.ts'
import type { Archive } from './archive.ts'

/** The archives of a source at one moment. */
export interface ArchivesStatus {
  readonly filesOpen: number
  readonly filesParked: number
  readonly filesComplete: number
  /** Bytes on the disk that are not decompressed yet, and decompressed ones that no sink could use yet. */
  readonly lagBytes: number
  /** For how long one has been waiting that could be read. */
  readonly lagSeconds: number
  readonly onDiskBytes: number
  /** Last modification of any of them, wall clock in ms. */
  readonly newestWriteMs: number
}

/** Adds up; `current` is being read. */
export function statusOf(
  archives: Iterable<Archive>,
  current: Archive | undefined,
  now: number,
): ArchivesStatus {
  let filesParked = 0
  let filesComplete = 0
  let lagBytes = 0
  let onDiskBytes = 0
  let newestNs = 0
  let since = now
  for (const archive of archives) {
    const { phase, size, taken, rest, dueSince, mtimeNs } = archive
    if (phase === 'over') filesComplete += 1
    else if (archive !== current) filesParked += 1
    if (phase === 'early') lagBytes += rest
    else if (phase === 'waiting') lagBytes += size - (archive === current ? taken : 0)
    onDiskBytes += size
    newestNs = Math.max(newestNs, mtimeNs)
    if (phase === 'waiting' && dueSince > 0) since = Math.min(since, dueSince)
  }
  return {
    filesOpen: current === undefined ? 0 : 1,
    filesParked,
    filesComplete,
    lagBytes,
    lagSeconds: (now - since) / 1000,
    onDiskBytes,
    newestWriteMs: newestNs / 1e6,
  }
}

/** Followed files and archives together. */
export function withArchives(files: TailStatus, archives: ArchivesStatus): TailStatus {
  const newestWriteMs = Math.max(files.newestWriteMs ?? 0, archives.newestWriteMs)
  return {
    ...files,
    filesOpen: files.filesOpen + archives.filesOpen,
    filesParked: files.filesParked + archives.filesParked,
    filesComplete: files.filesComplete + archives.filesComplete,
    lagBytes: files.lagBytes + archives.lagBytes,
    lagSeconds: Math.max(files.lagSeconds, archives.lagSeconds),
    onDiskBytes: files.onDiskBytes + archives.onDiskBytes,
    ...(newestWriteMs > 0 ? { newestWriteMs } : {}),
  }
}
