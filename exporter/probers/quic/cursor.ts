/** Reads bytes that a stranger sent, from front to back. */

/**
 * Never throws: what stands past the end is 0, or empty, and from then on `isOver` is true. Who parses looks at
 * that once, where it decides.
 */
export class Cursor {
  readonly #bytes: Buffer
  #at: number
  #isOver = false

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes
    this.#at = at
  }

  /** Offset of the next byte. */
  get at(): number {
    return this.#at
  }

  get left(): number {
    return this.#bytes.length - this.#at
  }

  /** Something was asked for that is not there. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** An unsigned number of 1 to 4 bytes, the highest first. */
  uint(length: 1 | 2 | 3 | 4): number {
    const bytes = this.take(length)
    return bytes.length === 0 ? 0 : bytes.readUIntBE(0, length)
  }

  /** RFC 9000 §16. Above 2^53 it is rounded, which is still longer than anything here. */
  varint(): number {
    const first = this.uint(1)
    const more = (1 << (first >> 6)) - 1
    let value = first & 0x3f
    for (const byte of this.take(more)) value = value * 256 + byte
    return this.#isOver ? 0 : value
  }

  /** The next bytes, not copied; empty if there are fewer. */
  take(length: number): Buffer {
    if (length > this.left) {
      this.#isOver = true
      this.#at = this.#bytes.length
      return this.#bytes.subarray(0, 0)
    }
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  rest(): Buffer {
    return this.take(this.left)
  }
}
