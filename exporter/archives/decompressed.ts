import type { FileHandle } from 'node:fs/promises'
import type { Compression } from '../compressed-name.ts'
import { Engine, isSupported, type Outcome } from './engine.ts'

/** 200 KiB or so of qlog. */
const INPUT_BYTES = 16 * 1024

/** Why a compressed file gives no more: it is not complete, not good, or not readable here. */
export type FaultReason = 'early' | 'corrupt' | 'unsupported'

/** Thrown behind the last good byte. */
export class CompressedFault extends Error {
  readonly reason: FaultReason
  /** Where in the file the input begins that could not be used, in bytes. */
  readonly at: number

  constructor(reason: FaultReason, at: number) {
    super(`compressed file: ${reason}`)
    this.reason = reason
    this.at = at
  }
}

/** A part of the file as it lies on the disk: its first bytes, in one format. */
export interface CompressedPart {
  readonly file: FileHandle
  readonly compression: Compression
  /** Bytes on the disk. */
  readonly size: number
  /** Position in the file at which input is divided, so that output before and after can be told apart. */
  readonly divideAt?: number
}

/** Uncompressed bytes, lent for good, and the input that they came of: `[from, to)` of the file. */
export interface Decompressed {
  readonly bytes: Uint8Array
  readonly from: number
  readonly to: number
}

/**
 * All members or frames of a file, uncompressed, one after the other; equal for equal files. Throws a
 * CompressedFault, or what the file system throws.
 */
export async function* decompressed(part: CompressedPart): AsyncGenerator<Decompressed, void> {
  if (!isSupported(part.compression)) throw new CompressedFault('unsupported', 0)
  let produced = 0
  let faultAt = 0
  try {
    for await (const piece of pass(part, part.size)) {
      produced += piece.bytes.length
      yield piece
    }
    return
  } catch (error) {
    if (!(error instanceof CompressedFault) || error.reason !== 'corrupt') throw error
    faultAt = error.at
  }
  // The input with the fault gave nothing at all: byte by byte it gives what is good.
  let passed = 0
  for await (const piece of pass(part, faultAt)) {
    const { bytes } = piece
    const known = Math.min(bytes.length, produced - Math.min(produced, passed))
    passed += bytes.length
    if (known < bytes.length) yield { ...piece, bytes: bytes.subarray(known) }
  }
}

/** `byteByByte`: from where on in the file. */
async function* pass(
  { file, compression, size, divideAt = 0 }: CompressedPart,
  byteByByte: number,
): AsyncGenerator<Decompressed, void> {
  const buffer = Buffer.allocUnsafe(INPUT_BYTES)
  let engine = new Engine(compression)
  try {
    for (let from = 0; from < size; ) {
      const stop = [divideAt, byteByByte, size].filter((end) => end > from)
      const wanted = from < byteByByte ? Math.min(INPUT_BYTES, ...stop.map((end) => end - from)) : 1
      const { bytesRead } = await file.read(buffer, 0, wanted, from)
      if (bytesRead === 0) throw new CompressedFault('early', from)
      const to = from + bytesRead
      for (let input = buffer.subarray(0, bytesRead); input.length > 0; ) {
        const { used, error } = yield* placed(engine.write(input), from, to)
        if (error !== undefined) throw new CompressedFault('corrupt', from)
        input = input.subarray(used)
        if (input.length === 0) break
        // Behind a gzip member that is not followed by another there may be zeros, as on tapes.
        if (compression === 'gzip') return
        if (used === 0) throw new CompressedFault('corrupt', from)
        engine.close()
        engine = new Engine(compression)
      }
      from = to
    }
    const { error } = yield* placed(engine.end(), size, size)
    if (error !== undefined) throw new CompressedFault('early', size)
  } finally {
    engine.close()
  }
}

async function* placed(
  pieces: AsyncGenerator<Uint8Array, Outcome>,
  from: number,
  to: number,
): AsyncGenerator<Decompressed, Outcome> {
  let piece = await pieces.next()
  for (; piece.done !== true; piece = await pieces.next()) yield { bytes: piece.value, from, to }
  return piece.value
}
