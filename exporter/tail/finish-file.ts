import { fstatSync } from 'node:fs'
import type { Desk } from './desk.ts'
import { reasonOf } from './file-errors.ts'
import { readPiece } from './read-piece.ts'
import type { FileErrorReason } from './sink.ts'
import type { TrackedFile } from './tracked-file.ts'
import { unusedBytes } from './tracked-file.ts'

const NOTHING = new Uint8Array(0)

/**
 * Ends a file that no path leads to any more: reads what is left if it is still open, counts the
 * rest as lost, and closes the sink. The descriptor stays with its owner. Returned is why the file
 * could not be read, if it was not tried again yet: then it is as it was.
 */
export function finishFile(file: TrackedFile, desk: Desk): FileErrorReason | undefined {
  const drained = file.fd >= 0 ? drain(file, desk) : 'nothing'
  const isOver = drained === 'ended' || drained === 'nothing'
  if (!isOver && file.failure === undefined) return drained
  const rest = unusedBytes(file, file.size)
  if (rest > 0) desk.observer.lost('deleted', rest)
  if (drained !== 'ended') file.sink?.feed(NOTHING, true)
  file.sink?.closed()
  file.sink = undefined
  file.touched = true
  // What was counted as lost must not be read after all should the file come back.
  file.offset = Math.max(file.offset, file.size)
  if (rest > 0) file.markerLength = 0
  return undefined
}

/** Whether the file has no name left anywhere, so that it cannot come back. */
export function isDeleted(file: TrackedFile): boolean {
  try {
    return file.fd >= 0 && fstatSync(file.fd).nlink === 0
  } catch (error) {
    reasonOf(error)
    return false
  }
}

/** `ended`: the sink was told that the bytes it got were the last. */
function drain(file: TrackedFile, desk: Desk): 'ended' | 'nothing' | FileErrorReason {
  if (file.sink === undefined && unusedBytes(file, file.size) === 0) return 'nothing'
  try {
    while (readPiece(file, desk, true).type === 'more');
    return 'ended'
  } catch (error) {
    const reason = reasonOf(error)
    return reason === 'gone' ? 'io' : reason
  }
}
