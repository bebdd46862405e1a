import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { reasonOf } from '../tail/file-errors.ts'
import { isInside } from '../tail/open-files.ts'
import type { FileErrorReason } from '../tail/sink.ts'
import type { Archive } from './archive.ts'

// What was put in the place of the file must neither block the open nor be followed to.
const READ_ONLY = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

/** The file, open; why it cannot be; or `moved`: the path leads to another file now, or to none. */
export async function openArchive(
  archive: Archive,
): Promise<FileHandle | FileErrorReason | 'moved'> {
  let file: FileHandle | undefined
  try {
    file = await open(archive.openPath, READ_ONLY)
    const refusal = await refuse(file, archive)
    if (refusal === undefined) return file
    await file.close()
    return refusal
  } catch (error) {
    await file?.close().catch(() => {})
    const reason = reasonOf(error)
    return reason === 'gone' ? 'moved' : reason
  }
}

async function refuse(
  file: FileHandle,
  { dev, ino, boundary }: Archive,
): Promise<FileErrorReason | 'moved' | undefined> {
  const stats = await file.stat({ bigint: true })
  if (!stats.isFile()) return 'not_regular'
  if (stats.dev !== dev || stats.ino !== ino) return 'moved'
  return isInside(file.fd, boundary) ? undefined : 'outside_root'
}
