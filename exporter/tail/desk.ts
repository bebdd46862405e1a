import { readSync } from 'node:fs'
import type { FileSink, TailObserver } from './sink.ts'

/** Memory to read into, lent from one read to the next and grown to the largest that was asked. */
export class ReadBuffer {
  #bytes = Buffer.alloc(0)

  /** At least `length` bytes; what an earlier call returned is written over. */
  atLeast(length: number): Buffer {
    if (this.#bytes.length < length) this.#bytes = Buffer.allocUnsafeSlow(length)
    return this.#bytes
  }
}

/** What the functions that read a file need besides the file. */
export interface Desk {
  readonly observer: TailObserver
  readonly open: (file: { readonly path: string; readonly name: string }) => FileSink
  readonly buffer: ReadBuffer
  /** The most that is ever read at once, in bytes: one whole record and a little more. */
  readonly maxReadBytes: number
  readonly now: () => number
}

/**
 * Reads up to `length` bytes at `position` into the start of `buffer`. A short read is believed to
 * be the end of the file once it reaches `size`, the size that is known.
 */
export function readAt(
  fd: number,
  buffer: Buffer,
  length: number,
  position: number,
  size: number,
): number {
  let got = 0
  do {
    const n = readSync(fd, buffer, got, length - got, position + got)
    if (n === 0) break
    got += n
  } while (got < length && position + got < size)
  return got
}
