import { basename } from 'node:path'
import { crc32 } from 'node:zlib'
import type { ReadBuffer } from '../tail/desk.ts'
import type { Archive, OpenSink } from './archive.ts'
import type { Decompressed } from './decompressed.ts'
import { type Excess, excessOf } from './limits.ts'

/** What a sink is shown of a file that it does not read from its beginning. */
const HEADER_BYTES = 64 * 1024
const NOTHING = new Uint8Array(0)

/** `replaced`: the file does not begin with what was read of it. */
export type Refusal = Excess | 'replaced'

/**
 * One way through an archive, from its first byte. What was used before, by its length and its checksum, is
 * passed over; the rest is fed, and the position moved past what was used, in one synchronous turn.
 */
export class Reading {
  readonly #archive: Archive
  readonly #open: OpenSink
  readonly #buffer: ReadBuffer
  #produced = 0
  #checksum = 0
  /** Bytes in the buffer: the first of them stands at the archive's position. */
  #held = 0
  #header: Buffer = Buffer.alloc(0)
  #lastByte: Uint8Array = NOTHING

  /** `buffer`: nobody else uses it as long as this goes on. */
  constructor(archive: Archive, open: OpenSink, buffer: ReadBuffer) {
    this.#archive = archive
    this.#open = open
    this.#buffer = buffer
    archive.taken = 0
    archive.rest = 0
  }

  /** Takes the next bytes; or says why neither they nor any behind them will be used. */
  take({ bytes, from, to }: Decompressed): Refusal | undefined {
    const archive = this.#archive
    const start = this.#produced
    this.#produced += bytes.length
    const excess = excessOf(this.#produced, to)
    // What is refused counts as not taken from where it begins.
    archive.taken = excess === undefined ? to : from
    if (excess !== undefined) return excess
    this.#keepHeader(bytes)
    if (archive.history >= to) {
      this.#passHistory(bytes)
      return undefined
    }
    if (archive.history > 0) this.#leaveHistory(start)
    const known = Math.min(bytes.length, Math.max(0, archive.position - start))
    if (known > 0) {
      this.#checksum = crc32(bytes.subarray(0, known), this.#checksum)
      if (start + known === archive.position && !this.#isSame) return 'replaced'
    }
    if (known < bytes.length) this.#feed(bytes.subarray(known))
    return undefined
  }

  /** The file is whole, or as good as it will ever be: nothing follows. */
  end(): 'replaced' | undefined {
    const archive = this.#archive
    if (archive.history > 0) this.#leaveHistory(this.#produced)
    if (this.#produced < archive.position) return 'replaced'
    this.#finish()
    return undefined
  }

  /** The file is not as good as it was: what it gave before stands. */
  abandon(): void {
    this.#finish()
  }

  /** What it gave may go on one day. */
  pause(): void {
    const archive = this.#archive
    if (archive.history > 0) this.#leaveHistory(this.#produced)
    archive.phase = 'early'
    archive.tries += 1
    archive.rest = this.#held
    archive.touched = true
  }

  get #isSame(): boolean {
    return this.#checksum === this.#archive.checksum
  }

  #keepHeader(bytes: Uint8Array): void {
    const { sink, position, history } = this.#archive
    const room = HEADER_BYTES - this.#header.length
    if (sink !== undefined || (position === 0 && history === 0) || room <= 0) return
    this.#header = Buffer.concat([this.#header, bytes.subarray(0, room)])
  }

  #passHistory(bytes: Uint8Array): void {
    this.#checksum = crc32(bytes.subarray(0, -1), crc32(this.#lastByte, this.#checksum))
    this.#lastByte = Uint8Array.from(bytes.subarray(-1))
  }

  /** What was there before us ends at this position: goes on one byte before it, as a boundary may be there. */
  #leaveHistory(end: number): void {
    const archive = this.#archive
    archive.history = 0
    archive.touched = true
    if (end === 0) return
    archive.position = end - 1
    archive.offered = end
    archive.checksum = this.#checksum
    archive.sink ??= this.#begin()
    archive.sink.skipToRecord()
    this.#buffer.atLeast(1).set(this.#lastByte)
    this.#held = 1
  }

  #feed(bytes: Uint8Array): void {
    const archive = this.#archive
    const length = this.#held + bytes.length
    const buffer = this.#room(length)
    buffer.set(bytes, this.#held)
    this.#held = length
    // After a pause it is not offered less than before.
    if (archive.position + length <= archive.offered) return
    archive.sink ??= this.#begin()
    archive.offered = archive.position + length
    this.#use(archive.sink.feed(buffer.subarray(0, length), false))
  }

  #begin() {
    const { path, position } = this.#archive
    const sink = this.#open({ path, name: basename(path) })
    if (position > 0) sink.header(this.#header)
    return sink
  }

  #use(used: number): void {
    if (used === 0) return
    const archive = this.#archive
    const buffer = this.#buffer.atLeast(this.#held)
    archive.checksum = crc32(buffer.subarray(0, used), archive.checksum)
    archive.position += used
    archive.touched = true
    buffer.copyWithin(0, used, this.#held)
    this.#held -= used
  }

  #finish(): void {
    const archive = this.#archive
    archive.sink ??= this.#held > 0 ? this.#begin() : undefined
    if (archive.sink !== undefined) {
      this.#use(archive.sink.feed(this.#buffer.atLeast(this.#held).subarray(0, this.#held), true))
    }
    close(archive)
  }

  #room(length: number): Buffer {
    const before = this.#buffer.atLeast(0)
    if (before.length >= length) return before
    const buffer = this.#buffer.atLeast(2 * length)
    buffer.set(before.subarray(0, this.#held))
    return buffer
  }
}

/** Ends an archive without another byte of it. */
export function endUnread(archive: Archive): void {
  archive.sink?.feed(NOTHING, true)
  close(archive)
}

/** Forgets what was read: the file is another one now. */
export function beginAnew(archive: Archive): void {
  endUnread(archive)
  Object.assign(archive, {
    phase: 'waiting',
    history: 0,
    position: 0,
    checksum: 0,
    offered: 0,
    tries: 0,
  })
}

function close(archive: Archive): void {
  archive.sink?.closed()
  archive.sink = undefined
  archive.phase = 'over'
  archive.touched = true
  archive.rest = 0
}
