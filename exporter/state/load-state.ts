/** Reads the state that an earlier process has left: all up to the last whole commit. */
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
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
    if (!fstatSync(fd).isFile()) throw new Error('it is not a regular file')
    return readFileSync(fd)
  } finally {
    closeSync(fd)
  }
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
