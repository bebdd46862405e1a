import { basename } from 'node:path'
import { setImmediate as breath } from 'node:timers/promises'
import { compressionOf } from '../compressed-name.ts'
import type { ReadBuffer } from '../tail/desk.ts'
import { type FileErrors, reasonOf } from '../tail/file-errors.ts'
import type { FileErrorReason, TailObserver } from '../tail/sink.ts'
import type { Archive, OpenSink } from './archive.ts'
import {
  CompressedFault,
  type CompressedPart,
  decompressed,
  type FaultReason,
} from './decompressed.ts'
import { openArchive } from './open-archive.ts'
import { beginAnew, Reading, type Refusal } from './reading.ts'

/** Why a file is not read, or not to its end. */
export type UnreadReason = Exclude<Refusal, 'replaced'> | FaultReason

/** What could not be opened or read is tried again after so long. */
const RETRY_MS = 10_000

/** What an archive is read with. */
export interface ArchiveDesk {
  readonly open: OpenSink
  readonly observer: TailObserver
  readonly errors: FileErrors
  /** Told once for each file that is not read, or not to its end. */
  readonly refused: (path: string, why: UnreadReason) => void
  /** One archive at a time uses it. */
  readonly buffer: ReadBuffer
  readonly now: () => number
  /** From then on nothing is fed. */
  readonly isStopped: () => boolean
}

/** Reads all of an archive that was not used before; its phase says what came of it. Never rejects for its sake. */
export async function readArchive(archive: Archive, desk: ArchiveDesk): Promise<void> {
  const { size, mtimeNs } = archive
  const file = await openArchive(archive)
  if (typeof file === 'string') {
    fail(archive, file, desk)
    return
  }
  try {
    archive.retryAt = 0
    const compression = compressionOf(basename(archive.path)) ?? 'gzip'
    const part = { file, compression, size, divideAt: archive.history }
    if ((await readThrough(archive, part, desk)) === 'replaced') {
      desk.observer.fileReset('replaced')
      beginAnew(archive)
      await readThrough(archive, { file, compression, size }, desk)
    }
    // What has changed meanwhile is looked at again when it is quiet.
    if (archive.size !== size || archive.mtimeNs !== mtimeNs) archive.phase = 'waiting'
  } catch (error) {
    const reason = reasonOf(error)
    fail(archive, reason === 'gone' ? 'io' : reason, desk)
  } finally {
    // Nothing that was read depends on it.
    await file.close().catch(() => {})
  }
}

/** Tells, once for each file, that it is not read to its end. */
export function tellUnread(archive: Archive, why: UnreadReason, desk: ArchiveDesk): void {
  if (archive.told) return
  archive.told = true
  archive.touched = true
  desk.refused(archive.path, why)
}

async function readThrough(
  archive: Archive,
  part: CompressedPart,
  desk: ArchiveDesk,
): Promise<'replaced' | undefined> {
  const reading = new Reading(archive, desk.open, desk.buffer)
  try {
    for await (const piece of decompressed(part)) {
      if (desk.isStopped()) return undefined
      const refusal = reading.take(piece)
      if (refusal === 'replaced') return refusal
      if (refusal !== undefined) {
        giveUp(archive, reading, refusal, desk)
        return undefined
      }
      // So that the process answers between any two pieces.
      await breath()
    }
    if (desk.isStopped()) return undefined
    archive.tries = 0
    return reading.end()
  } catch (error) {
    if (!(error instanceof CompressedFault)) throw error
    if (desk.isStopped()) return undefined
    archive.taken = error.at
    if (error.reason === 'early') reading.pause()
    else giveUp(archive, reading, error.reason, desk)
    return undefined
  }
}

function giveUp(archive: Archive, reading: Reading, why: UnreadReason, desk: ArchiveDesk): void {
  const lost = archive.size - archive.taken
  if (lost > 0 && !archive.told) desk.observer.lost('other', lost)
  tellUnread(archive, why, desk)
  reading.abandon()
}

/** `moved`: the next sweep finds out. */
function fail(archive: Archive, reason: FileErrorReason | 'moved', desk: ArchiveDesk): void {
  if (reason !== 'moved') desk.errors.report(reason, archive.path)
  archive.retryAt = desk.now() + RETRY_MS
}
