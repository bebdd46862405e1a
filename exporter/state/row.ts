/**
 * Rows of the state: fields as bytes and back. One list of fields serves both ways: a writer writes each
 * value that it is shown and returns it, a reader returns the value that was written in its place.
 */

const UNDEFINED = 0xffff_ffff
/** Marks the length of a text that needs two bytes for each code unit. */
const WIDE = 0x8000_0000
const FIRST_BYTES = 64 * 1024
const TEXT_PIECE = 4096

/** Shows the fields of a row, in an order that never changes within one schema version. */
export interface RowFields {
  number(value: number): number
  optional(value: number | undefined): number | undefined
  flag(value: boolean): boolean
  big(value: bigint): bigint
  /** One of a closed list that is never changed but at its end. */
  choice<T extends string>(value: T, choices: readonly T[]): T
  /** Any string: also one that is no valid UTF-16. */
  text<T extends string>(value: T): T
  optionalText<T extends string>(value: T | undefined): T | undefined
  /** A list of numbers: written whole, or filled. */
  numbers(list: number[]): void
}

/** Writes rows one behind the other. */
export class RowWriter implements RowFields {
  #bytes = new Uint8Array(FIRST_BYTES)
  #view = new DataView(this.#bytes.buffer)
  #spare: Uint8Array<ArrayBuffer> | undefined
  #at = 0

  /** Bytes written since the last `take`. */
  get length(): number {
    return this.#at
  }

  /**
   * What was written, lent until the next call of this; the writer begins anew. Slice by slice, new memory
   * for each would be collected again and again.
   */
  lend(): Uint8Array {
    const lent = this.#bytes
    const length = this.#at
    this.#begin(this.#spare ?? new Uint8Array(lent.length))
    this.#spare = lent
    return lent.subarray(0, length)
  }

  /** What was written, to keep; the writer begins anew. */
  take(): Uint8Array {
    const taken = this.#bytes.subarray(0, this.#at)
    // The next one will need about as much room.
    this.#begin(new Uint8Array(Math.max(FIRST_BYTES, this.#at)))
    return taken
  }

  #begin(bytes: Uint8Array<ArrayBuffer>): void {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer)
    this.#at = 0
  }

  /** Begins a part whose length is written before it; returns what `end` wants. */
  begin(): number {
    this.#reserve(4)
    this.#at += 4
    return this.#at
  }

  /** Ends the part that began there. */
  end(begun: number): void {
    this.#view.setUint32(begun - 4, this.#at - begun)
  }

  /** Bytes of any kind. */
  bytes(value: Uint8Array): void {
    this.#reserve(value.length)
    this.#bytes.set(value, this.#at)
    this.#at += value.length
  }

  number(value: number): number {
    this.#reserve(8)
    this.#view.setFloat64(this.#at, value)
    this.#at += 8
    return value
  }

  optional(value: number | undefined): number | undefined {
    this.number(value === undefined ? Number.NaN : value)
    return value
  }

  flag(value: boolean): boolean {
    this.#reserve(1)
    this.#bytes[this.#at++] = value ? 1 : 0
    return value
  }

  big(value: bigint): bigint {
    this.#reserve(8)
    this.#view.setBigUint64(this.#at, value)
    this.#at += 8
    return value
  }

  choice<T extends string>(value: T, choices: readonly T[]): T {
    this.#reserve(1)
    this.#bytes[this.#at++] = choices.indexOf(value)
    return value
  }

  text<T extends string>(value: T): T {
    const { length } = value
    this.#reserve(4 + 2 * length)
    const bytes = this.#bytes
    const begin = this.#at + 4
    let all = 0
    for (let i = 0; i < length; i += 1) {
      const unit = value.charCodeAt(i)
      bytes[begin + i] = unit
      all |= unit
    }
    if (all > 0xff) return this.#wideText(value)
    this.#view.setUint32(this.#at, length)
    this.#at = begin + length
    return value
  }

  #wideText<T extends string>(value: T): T {
    this.#view.setUint32(this.#at, value.length + WIDE)
    this.#at += 4
    for (let i = 0; i < value.length; i += 1) {
      this.#view.setUint16(this.#at, value.charCodeAt(i))
      this.#at += 2
    }
    return value
  }

  optionalText<T extends string>(value: T | undefined): T | undefined {
    if (value !== undefined) {
      this.text(value)
      return value
    }
    this.#reserve(4)
    this.#view.setUint32(this.#at, UNDEFINED)
    this.#at += 4
    return undefined
  }

  numbers(list: number[]): void {
    this.number(list.length)
    for (const value of list) this.number(value)
  }

  #reserve(bytes: number): void {
    const needed = this.#at + bytes
    if (needed <= this.#bytes.length) return
    const larger = new Uint8Array(Math.max(needed, 2 * this.#bytes.length))
    larger.set(this.#bytes)
    this.#bytes = larger
    this.#view = new DataView(larger.buffer)
  }
}

/** Reads rows one behind the other; throws a RangeError behind their end. */
export class RowReader implements RowFields {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** Bytes read so far. */
  get position(): number {
    return this.#at
  }

  get atEnd(): boolean {
    return this.#at >= this.#view.byteLength
  }

  /** The next part, lent. */
  part(): Uint8Array {
    const length = this.#view.getUint32(this.#at)
    this.#at += 4 + length
    if (this.#at > this.#bytes.length) throw new RangeError('a part ends behind the end')
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  number(_value = 0): number {
    const value = this.#view.getFloat64(this.#at)
    this.#at += 8
    return value
  }

  optional(_value?: number): number | undefined {
    const value = this.number()
    return Number.isNaN(value) ? undefined : value
  }

  flag(_value = false): boolean {
    const value = this.#view.getUint8(this.#at) !== 0
    this.#at += 1
    return value
  }

  big(_value = 0n): bigint {
    const value = this.#view.getBigUint64(this.#at)
    this.#at += 8
    return value
  }

  choice<T extends string>(value: T, choices: readonly T[]): T {
    const choice = choices[this.#view.getUint8(this.#at)]
    this.#at += 1
    return choice ?? value
  }

  text<T extends string>(_value?: T): T {
    return this.optionalText() ?? ('' as T)
  }

  optionalText<T extends string>(_value?: T): T | undefined {
    const marked = this.#view.getUint32(this.#at)
    this.#at += 4
    if (marked === UNDEFINED) return undefined
    const isWide = marked >= WIDE
    const length = isWide ? marked - WIDE : marked
    let text = ''
    // Not one character after the other: that leaves a chain of pieces in memory, many times as large.
    for (let i = 0; i < length; i += TEXT_PIECE) {
      const units = this.#units(Math.min(TEXT_PIECE, length - i), isWide)
      text += String.fromCharCode.apply(undefined, units)
    }
    return text as T
  }

  #units(length: number, isWide: boolean): number[] {
    const units: number[] = []
    for (let i = 0; i < length; i += 1) {
      units.push(isWide ? this.#view.getUint16(this.#at) : this.#view.getUint8(this.#at))
      this.#at += isWide ? 2 : 1
    }
    return units
  }

  numbers(list: number[]): void {
    const length = this.number()
    for (let i = 0; i < length; i += 1) list.push(this.number())
  }
}
