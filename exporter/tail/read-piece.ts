import { basename } from 'node:path'
import type { Desk } from './desk.ts'
import { readAt } from './desk.ts'
import { HEAD_BYTES, hashBytes } from './identity.ts'
import type { FileSink } from './sink.ts'
import type { TrackedFile } from './tracked-file.ts'
import { READ_BYTES, unusedBytes } from './tracked-file.ts'
import { goOnInside, setHead, setMarker, verifyFile } from './verify-file.ts'

const HEADER_BYTES = 64 * 1024
const ZEROS = Buffer.alloc(READ_BYTES)

/** One read of one file. `end`: all that is there has been read. */
export interface Piece {
  readonly type: 'more' | 'end'
  /** Bytes read from the file. */
  readonly bytes: number
}

/**
 * Reads the next piece of an open file, feeds it and moves the offset past the bytes that were
 * used, all in one synchronous turn. With `atEnd` nothing will follow what is on disk now. Throws
 * what the file system throws; the offset then stands where it stood.
 */
export function readPiece(file: TrackedFile, desk: Desk, atEnd: boolean): Piece {
  if (file.unverified) verifyFile(file, desk)
  const sink = file.sink ?? beginSink(file, desk)
  if (file.holeEnd > file.offset) return measureHole(file, desk, atEnd)

  const marker = file.markerLength
  const from = file.offset - marker
  const wanted = marker + file.readSize
  const buffer = desk.buffer.atLeast(wanted)
  const got = readAt(file.fd, buffer, wanted, from, file.size)
  if (got < marker || (marker > 0 && hashBytes(buffer, 0, marker) !== file.markerHash)) {
    file.unverified = true
    return { type: 'more', bytes: got }
  }
  grow(file, from + got, desk.now())
  if (got > marker && buffer[marker] === 0) {
    file.holeEnd = file.offset + 1
    return { type: 'more', bytes: got }
  }

  const end = got < wanted
  // Zeros at the very end may yet turn into data, and must not be taken for some.
  const filled = end && !atEnd ? filledLength(buffer, marker, got) : got
  const isNew = from + filled > file.offered || (atEnd && end)
  const used = isNew ? sink.feed(buffer.subarray(marker, filled), atEnd && end) : 0
  if (used > 0) use(file, buffer, marker + used, used, desk)
  else if (!end) return readLarger(file, desk, got)
  file.offered = Math.max(file.offered, from + filled)
  file.readTo = Math.max(file.readTo, from + got)
  if (!end) return { type: 'more', bytes: got }
  file.behindSince = 0
  return { type: 'end', bytes: got }
}

function filledLength(bytes: Uint8Array, start: number, end: number): number {
  let length = end
  while (length > start && bytes[length - 1] === 0) length--
  return length
}

/** Moves the offset past `used` bytes that end at `end` in `bytes`. */
function use(file: TrackedFile, bytes: Buffer, end: number, used: number, desk: Desk): void {
  const counted = unusedBytes(file, file.offset + used)
  file.touched = true
  file.offset += used
  file.readSize = READ_BYTES
  setMarker(file, bytes, end)
  if (file.headLength < HEAD_BYTES) {
    if (end < file.offset) readAt(file.fd, bytes, HEAD_BYTES, 0, HEAD_BYTES)
    setHead(file, bytes, file.offset)
  }
  if (counted > 0) desk.observer.read(counted)
}

function grow(file: TrackedFile, end: number, now: number): void {
  if (end <= file.size) return
  file.size = end
  file.touched = true
  file.grewAt = now
}

/** A full buffer did not hold one record: the next read brings more, up to one largest record. */
function readLarger(file: TrackedFile, desk: Desk, bytes: number): Piece {
  if (file.readSize < desk.maxReadBytes) {
    file.readSize = Math.min(file.readSize * 2, desk.maxReadBytes)
    return { type: 'more', bytes }
  }
  // A sink that uses nothing of a largest record is broken; the file waits for it to grow.
  file.readTo = file.size
  return { type: 'end', bytes }
}

/**
 * Passes over NUL bytes at the offset: the hole left by a writer that goes on at its old position
 * after the file was emptied. It is given up only when something follows, since a file system may
 * show zeros for a moment where data is about to appear.
 */
function measureHole(file: TrackedFile, desk: Desk, atEnd: boolean): Piece {
  const buffer = desk.buffer.atLeast(READ_BYTES)
  const got = readAt(file.fd, buffer, READ_BYTES, file.holeEnd, file.size)
  const zeros = leadingZeros(buffer, got)
  file.holeEnd += zeros
  grow(file, file.holeEnd, desk.now())
  const end = got < READ_BYTES && zeros === got
  if (!end && zeros === got) return { type: 'more', bytes: got }
  if (!end || atEnd) {
    const lost = unusedBytes(file, file.holeEnd)
    if (lost > 0) desk.observer.lost('nul_hole', lost)
    file.touched = true
    file.offset = file.holeEnd
    file.markerLength = 0
  }
  if (end) {
    file.readTo = file.holeEnd
    file.behindSince = 0
  }
  file.holeEnd = 0
  return { type: end && !atEnd ? 'end' : 'more', bytes: got }
}

function leadingZeros(bytes: Buffer, length: number): number {
  if (bytes.compare(ZEROS, 0, length, 0, length) === 0) return length
  let n = 0
  while (n < length && bytes[n] === 0) n++
  return n
}

/** Opens the sink; one that begins inside the file is shown the file's beginning first. */
function beginSink(file: TrackedFile, desk: Desk): FileSink {
  // What fails must leave nothing begun: a sink that was not shown the header is of no use.
  const header = file.offset > 0 ? readHeader(file, desk) : undefined
  const sink = desk.open({ path: file.path, name: basename(file.path) })
  file.sink = sink
  if (header !== undefined) {
    sink.header(header)
    goOnInside(file, Math.max(file.offset, file.start))
  }
  return sink
}

function readHeader(file: TrackedFile, desk: Desk): Uint8Array {
  const buffer = desk.buffer.atLeast(HEADER_BYTES)
  return buffer.subarray(0, readAt(file.fd, buffer, HEADER_BYTES, 0, file.size))
}
