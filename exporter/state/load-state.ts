/** Reads the state that an earlier process has left: all up to the last whole commit. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { HEADER_BYTES, headerFault, readFrame } from './frame.ts'

/** What is in a state directory. */
export type LoadedState =
  | {
      readonly type: 'state'
      /** Parts and commits in the order in which they are to be applied; the last is a commit. */
      readonly batches: readonly Uint8Array[]
      /** What is wrong behind the last whole commit, if anything. */
      readonly damage?: string
    }
  /** There is no file. */
  | { readonly type: 'none' }
  /** There is one, but nothing of it can be used. */
  | { readonly type: 'unusable'; readonly why: string }

const PIECE_BYTES = 1024 * 1024 * 1024

/** Reads `state` in a directory; never throws. */
export function loadState(dir: string): LoadedState {
  let file: Buffer
  try {
    file = readRegular(join(dir, 'state'))
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return code === 'ENOENT' ? { type: 'none' } : { type: 'unusable', why: message }
  }
  const why = headerFault(file)
  return why === undefined ? readBatches(file) : { type: 'unusable', why }
}

function readRegular(path: string): Buffer {
  // Non-blocking: opening a FIFO must not wait for a writer.
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const stats = fstatSync(fd)
    if (!stats.isFile()) throw new Error('it is not a regular file')
    return readAll(fd, stats.size)
  } finally {
    closeSync(fd)
  }
}

/** In pieces: Node reads no more than 2 GiB at once. */
function readAll(fd: number, size: number): Buffer {
  const file = Buffer.allocUnsafe(size)
  let at = 0
  while (at < size) {
    const read = readSync(fd, file, at, Math.min(size - at, PIECE_BYTES), at)
    if (read === 0) break
    at += read
  }
  return file.subarray(0, at)
}

function readBatches(file: Buffer): LoadedState {
  const batches: Uint8Array[] = []
  let [whole, wholeEnd] = [0, HEADER_BYTES]
  let fault = 'no commit follows'
  let at = HEADER_BYTES
  let checksum = crc32(file.subarray(0, HEADER_BYTES))
  while (at < file.length) {
    const frame = readFrame(file, at, checksum)
    if (typeof frame === 'string') {
      fault = `${frame} at byte ${at}`
      break
    }
    batches.push(frame.payload)
    at = frame.end
    checksum = frame.checksum
    if (frame.kind === 'commit') [whole, wholeEnd] = [batches.length, at]
  }
  if (whole === 0) return { type: 'unusable', why: `it has no whole commit: ${fault}` }
  batches.length = whole
  if (wholeEnd === file.length) return { type: 'state', batches }
  const damage = `${file.length - wholeEnd} of ${file.length} bytes are not usable: ${fault}`
  return { type: 'state', batches, damage }
}
