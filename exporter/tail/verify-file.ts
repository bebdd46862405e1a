import { fstatSync } from 'node:fs'
import type { Desk } from './desk.ts'
import { readAt } from './desk.ts'
import { HEAD_BYTES, hashBytes, MARKER_BYTES } from './identity.ts'
import type { ResetReason } from './sink.ts'
import type { TrackedFile } from './tracked-file.ts'
import { READ_BYTES, unusedBytes } from './tracked-file.ts'

const NOTHING = new Uint8Array(0)

/**
 * Decides whether reading may go on at the offset: the file must reach that far, begin as it began
 * and hold the same bytes before the offset. What was cut off in its middle goes on at the cut;
 * anything else is a new file under the old inode and is read from byte 0. Throws what the file
 * system throws.
 */
export function verifyFile(file: TrackedFile, desk: Desk): void {
  const size = Number(fstatSync(file.fd, { bigint: true }).size)
  const shrunk = size < file.size
  file.unverified = false
  if (!headStands(file, size, desk)) {
    startAnew(file, size, shrunk ? 'truncated' : 'marker', desk)
  } else if (size < file.offset) {
    // Only a whole head tells a file that lost its end from one that was written anew.
    if (file.headLength < HEAD_BYTES) startAnew(file, size, 'truncated', desk)
    else goOnAtCut(file, size, desk)
  } else if (!markerStands(file, desk)) {
    startAnew(file, size, shrunk ? 'truncated' : 'marker', desk)
  } else if (shrunk) {
    if (Math.max(file.offset, file.start) === 0) startAnew(file, size, 'truncated', desk)
    else loseUnread(file, size, desk)
  }
}

/** Remembers the bytes before the offset; `end` is the offset's place in `bytes`. */
export function setMarker(file: TrackedFile, bytes: Uint8Array, end: number): void {
  file.markerLength = Math.min(MARKER_BYTES, end)
  file.markerHash = hashBytes(bytes, end - file.markerLength, end)
}

/**
 * Lets the head grow with what was used; `bytes` are the file's first, `length` of them. It never
 * covers unused bytes: until a record is whole, its bytes may still change.
 */
export function setHead(file: TrackedFile, bytes: Uint8Array, length: number): void {
  file.headLength = Math.min(HEAD_BYTES, length)
  file.headHash = hashBytes(bytes, 0, file.headLength)
}

/**
 * Lets reading go on at `position` though the sink does not know what stands before it: one byte
 * earlier is fed, so that a record boundary exactly there is seen.
 */
export function goOnInside(file: TrackedFile, position: number): void {
  file.touched = true
  if (position > 0) {
    file.sink?.skipToRecord()
    file.offset = position - 1
  } else {
    file.offset = 0
  }
  file.start = position
  file.offered = position
  file.readTo = position
  file.readSize = READ_BYTES
  file.markerLength = 0
}

function headStands(file: TrackedFile, size: number, desk: Desk): boolean {
  if (file.headLength === 0) return true
  if (size < file.headLength) return false
  const buffer = desk.buffer.atLeast(HEAD_BYTES)
  const got = readAt(file.fd, buffer, file.headLength, 0, size)
  return got === file.headLength && hashBytes(buffer, 0, got) === file.headHash
}

function markerStands(file: TrackedFile, desk: Desk): boolean {
  const length = file.markerLength
  if (length === 0) return true
  const buffer = desk.buffer.atLeast(MARKER_BYTES)
  const got = readAt(file.fd, buffer, length, file.offset - length, file.offset)
  return got === length && hashBytes(buffer, 0, got) === file.markerHash
}

function goOnAtCut(file: TrackedFile, size: number, desk: Desk): void {
  const lost = unusedBytes(file, file.size)
  if (lost > 0) desk.observer.lost('truncated', lost)
  file.size = size
  goOnInside(file, size)
  file.holeEnd = 0
  file.behindSince = 0
  desk.observer.fileReset('truncated')
}

function loseUnread(file: TrackedFile, size: number, desk: Desk): void {
  const lost = unusedBytes(file, file.size) - unusedBytes(file, size)
  if (lost > 0) desk.observer.lost('truncated', lost)
  // A sink that was shown bytes that are gone may remember how far it had looked.
  if (file.offered > size) goOnInside(file, Math.max(file.offset, file.start))
  file.readTo = Math.min(file.readTo, size)
  file.size = size
  file.touched = true
  file.holeEnd = 0
}

/** Ends what was read so far and begins again at byte 0 with a new sink. */
function startAnew(file: TrackedFile, size: number, reason: ResetReason, desk: Desk): void {
  // After a marker mismatch the size already belongs to the new contents: of the old ones only
  // what had been read is known to have been there.
  const end = reason === 'truncated' ? file.size : Math.min(file.readTo, file.size)
  const lost = unusedBytes(file, end)
  if (lost > 0) desk.observer.lost('truncated', lost)
  file.sink?.feed(NOTHING, true)
  file.sink?.closed()
  file.sink = undefined
  file.touched = true
  file.offset = 0
  file.start = 0
  file.offered = 0
  file.readTo = 0
  file.readSize = READ_BYTES
  file.headLength = 0
  file.markerLength = 0
  file.holeEnd = 0
  file.size = size
  const now = desk.now()
  file.grewAt = now
  file.behindSince = size > 0 ? now : 0
  desk.observer.fileReset(reason)
}
