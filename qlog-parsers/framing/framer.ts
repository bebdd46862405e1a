/**
 * Bytes to records: JSON text sequences (RFC 7464), NDJSON, or both mixed. A record ends at LF; a
 * record separator (RS, 0x1E) inside an unfinished record ends that one as truncated, so that one torn
 * write never costs the next record.
 */

const LF = 0x0a
const RS = 0x1e

/** Why a record was rejected. */
export const REJECT_REASONS = [
  'json',
  'too_long',
  'truncated',
  'too_deep',
  'schema',
  'time',
  'utf8',
  'other',
] as const
export type RejectReason = (typeof REJECT_REASONS)[number]

/** Receives what the framer found, in order, synchronously. */
export interface RecordSink {
  /** One record, without its separators: `bytes[start, end)`. `whole`: an LF ended it. */
  record(bytes: Uint8Array, start: number, end: number, whole: boolean): void
  rejected(reason: RejectReason): void
}

/** Nothing, a part of a record that began before the first byte, or the rest of one that is too long. */
export type Skipping = 'nothing' | 'unknown' | 'too_long'

/** Splits the bytes of one file; keeps no bytes, only whether it is skipping to the next boundary. */
export class Framer {
  readonly #maxRecordBytes: number
  readonly #sink: RecordSink
  #skipping = false
  /** What is being skipped is the rest of a record that is too long. */
  #isTooLong = false
  #dropped = 0

  constructor(maxRecordBytes: number, sink: RecordSink) {
    this.#maxRecordBytes = maxRecordBytes
    this.#sink = sink
  }

  /** What follows may begin inside a record: skip, uncounted, to the next boundary. */
  skipToRecord(): void {
    this.#skipping = true
  }

  /** What is being passed over up to the next boundary. */
  get skipping(): Skipping {
    return this.#skipping ? (this.#isTooLong ? 'too_long' : 'unknown') : 'nothing'
  }

  /** Goes on where another framer stood. */
  resume(skipping: Skipping): void {
    this.#skipping = skipping !== 'nothing'
    this.#isTooLong = skipping === 'too_long'
  }

  /** Bytes of records that were too long, since the last call. */
  takeDropped(): number {
    const bytes = this.#dropped
    this.#dropped = 0
    return bytes
  }

  /**
   * Takes bytes that begin where the last call stopped using them; returns how many were used. The
   * rest is an unfinished record: offer it again with more behind it. With `atEnd` everything is used.
   */
  feed(bytes: Uint8Array, atEnd: boolean): number {
    let position = 0
    let rs = bytes.indexOf(RS)
    while (position < bytes.length) {
      const lf = bytes.indexOf(LF, position)
      const end = lf < 0 ? bytes.length : lf
      const start = this.#skipping ? position : firstByte(bytes, position, end)
      if (rs >= 0 && rs < start) rs = bytes.indexOf(RS, start)
      if (rs >= 0 && rs < end) {
        if (this.#skipping) this.#stopSkipping(rs - position)
        else if (rs - start > this.#maxRecordBytes) this.#tooLong(rs - start)
        else this.#sink.rejected('truncated')
        position = rs
        continue
      }
      if (lf < 0) return this.#unfinished(bytes, start, position, atEnd)
      if (this.#skipping) this.#stopSkipping(end - position)
      else if (end - start > this.#maxRecordBytes) this.#tooLong(end - start)
      else if (end > start) this.#sink.record(bytes, start, end, true)
      position = lf + 1
    }
    return position
  }

  #unfinished(bytes: Uint8Array, start: number, position: number, atEnd: boolean): number {
    const length = bytes.length - start
    // Nothing but blanks is no record yet: they are used, or a hole in a file would have to be held.
    if (length === 0) return bytes.length
    if (this.#skipping) {
      if (this.#isTooLong) this.#dropped += length
      return bytes.length
    }
    if (length > this.#maxRecordBytes) {
      this.#tooLong(length)
      this.#skipping = true
      this.#isTooLong = true
      return bytes.length
    }
    if (!atEnd) return position
    this.#sink.record(bytes, start, bytes.length, false)
    return bytes.length
  }

  #tooLong(bytes: number): void {
    this.#sink.rejected('too_long')
    this.#dropped += bytes
  }

  #stopSkipping(bytes: number): void {
    if (this.#isTooLong) this.#dropped += bytes
    this.#skipping = false
    this.#isTooLong = false
  }
}

/** First byte of the record's text: past RS, blanks, NUL runs and a byte order mark. */
function firstByte(bytes: Uint8Array, position: number, end: number): number {
  let at = position
  while (at < end) {
    const byte = bytes[at] as number
    if (byte > 0x20 && byte !== 0xef) break
    if (byte === 0xef) {
      if (bytes[at + 1] !== 0xbb || bytes[at + 2] !== 0xbf) break
      at += 3
    } else at += 1
  }
  return Math.min(at, end)
}
