/**
 * A cursor over the bytes of one record that reads JSON in place. It reads less than JSON allows (no
 * escapes, ASCII only, numbers of at most 15 digits); where the bytes need more, `ok` turns false for
 * good and the record goes to the JSON path. What it does accept, it validates completely.
 *
 * Hot path: every byte of every packet record passes here. Do not edit without `npm run bench`.
 */
import { Interner } from './interner.ts'

const QUOTE = 0x22
const COMMA = 0x2c
const MINUS = 0x2d
const POINT = 0x2e
const ZERO = 0x30
const NINE = 0x39
const COLON = 0x3a
const OPEN_LIST = 0x5b
const BACKSLASH = 0x5c
const CLOSE_LIST = 0x5d
const OPEN = 0x7b
const CLOSE = 0x7d
const MOST_DIGITS = 15
const MOST = 1e15
const MOST_DEPTH = 16

const POWERS = Float64Array.from({ length: 23 }, (_, i) => Number(`1e${i}`))
const names = new Interner()

export class Cursor {
  bytes: Uint8Array = new Uint8Array(0)
  at = 0
  end = 0
  ok = true
  /** Bounds of the key or string that was read last. */
  from = 0
  to = 0

  open(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes
    this.at = start
    this.end = end
    this.ok = true
  }

  /** Gives the record up: returns false, always. */
  refuse(): false {
    this.ok = false
    return false
  }

  /** Passes a literal if it is here. */
  pass(literal: Uint8Array): boolean {
    const { bytes, at } = this
    const { length } = literal
    if (at + length > this.end) return false
    for (let i = 0; i < length; i += 1) if (bytes[at + i] !== literal[i]) return false
    this.at = at + length
    return true
  }

  /** Passes one byte if it is here. */
  passByte(byte: number): boolean {
    if (this.at >= this.end || this.bytes[this.at] !== byte) return false
    this.at += 1
    return true
  }

  /** Whether the string that was read last is this literal. */
  is(literal: Uint8Array): boolean {
    const { bytes, from } = this
    const { length } = literal
    if (this.to - from !== length) return false
    for (let i = 0; i < length; i += 1) if (bytes[from + i] !== literal[i]) return false
    return true
  }

  /** Passes a string; `from` and `to` then bound its text. */
  string(): boolean {
    const { bytes, end } = this
    let at = this.at
    if (bytes[at] !== QUOTE) return this.refuse()
    at += 1
    this.from = at
    while (at < end) {
      const byte = bytes[at] as number
      if (byte === QUOTE) {
        this.to = at
        this.at = at + 1
        return true
      }
      if (byte === BACKSLASH || byte < 0x20 || byte > 0x7e) return this.refuse()
      at += 1
    }
    return this.refuse()
  }

  /** Enters an object: true if a first key follows, false for an empty one, or if this is none. */
  enter(): boolean {
    if (!this.passByte(OPEN)) return this.refuse()
    if (this.passByte(CLOSE)) return false
    return this.#key()
  }

  /** After a value: true if another key follows, false at the end of the object. */
  next(): boolean {
    if (this.passByte(COMMA)) return this.#key()
    return this.passByte(CLOSE) ? false : this.refuse()
  }

  #key(): boolean {
    if (!this.string()) return false
    return this.passByte(COLON) || this.refuse()
  }

  /** Enters a list: true if a first element follows. */
  enterList(): boolean {
    if (!this.passByte(OPEN_LIST)) return this.refuse()
    return !this.passByte(CLOSE_LIST)
  }

  /** After an element: true if another follows, false at the end of the list. */
  nextElement(): boolean {
    if (this.passByte(COMMA)) return true
    return this.passByte(CLOSE_LIST) ? false : this.refuse()
  }

  /** A non-negative number, exactly as JSON.parse reads it. */
  number(): number {
    const { bytes } = this
    let at = this.at
    let mantissa = 0
    let digits = 0
    let decimals = 0
    let byte = bytes[at] as number
    if (byte === ZERO) {
      byte = bytes[++at] as number
      digits = 1
    } else {
      while (byte >= ZERO && byte <= NINE) {
        mantissa = mantissa * 10 + (byte - ZERO)
        digits += 1
        byte = bytes[++at] as number
      }
    }
    if (digits === 0 || (byte >= ZERO && byte <= NINE)) return this.#noNumber()
    if (byte === POINT) {
      byte = bytes[++at] as number
      const point = at
      while (byte >= ZERO && byte <= NINE) {
        mantissa = mantissa * 10 + (byte - ZERO)
        byte = bytes[++at] as number
      }
      decimals = at - point
      if (decimals === 0) return this.#noNumber()
    }
    if (digits + decimals > MOST_DIGITS) return this.#noNumber()
    if (byte === 0x65 || byte === 0x45) {
      const exponent = this.#exponent(at + 1)
      if (!this.ok) return 0
      decimals -= exponent
      if (decimals < -22 || decimals > 22) return this.#noNumber()
    } else this.at = at
    if (this.at > this.end) return this.#noNumber()
    // One operation on two exact operands: correctly rounded, as JSON.parse rounds.
    if (decimals >= 0) return mantissa / (POWERS[decimals] as number)
    const value = mantissa * (POWERS[-decimals] as number)
    return value <= MOST ? value : this.#noNumber()
  }

  #exponent(start: number): number {
    const { bytes } = this
    let at = start
    const negative = bytes[at] === MINUS
    if (negative || bytes[at] === 0x2b) at += 1
    const first = at
    let exponent = 0
    let byte = bytes[at] as number
    while (byte >= ZERO && byte <= NINE && at - first < 4) {
      exponent = exponent * 10 + (byte - ZERO)
      byte = bytes[++at] as number
    }
    if (at === first || (byte >= ZERO && byte <= NINE)) return this.#noNumber()
    this.at = at
    return negative ? -exponent : exponent
  }

  #noNumber(): number {
    this.ok = false
    return 0
  }

  /** A non-negative whole number. */
  count(): number {
    const value = this.number()
    return Number.isInteger(value) ? value : this.#noNumber()
  }

  /** Passes any value, validating it. */
  skip(depth = 0): boolean {
    const byte = this.bytes[this.at] as number
    if (byte === QUOTE) return this.string()
    if (byte === OPEN) {
      if (depth === MOST_DEPTH) return this.refuse()
      for (let more = this.enter(); more; more = this.next())
        if (!this.skip(depth + 1)) return false
      return this.ok
    }
    if (byte === OPEN_LIST) {
      if (depth === MOST_DEPTH) return this.refuse()
      for (let more = this.enterList(); more; more = this.nextElement()) {
        if (!this.skip(depth + 1)) return false
      }
      return this.ok
    }
    if (byte >= ZERO && byte <= NINE) return this.#skipNumber()
    return this.pass(TRUE) || this.pass(FALSE) || this.pass(NULL) || this.refuse()
  }

  /** Whole numbers of any length (2^64 − 1 is common); others as `number` reads them. */
  #skipNumber(): boolean {
    const start = this.at
    let at = start
    let byte = this.bytes[at] as number
    while (byte >= ZERO && byte <= NINE) byte = this.bytes[++at] as number
    if (byte === POINT || byte === 0x65 || byte === 0x45) {
      this.number()
      return this.ok
    }
    if (this.bytes[start] === ZERO && at > start + 1) return this.refuse()
    this.at = at
    return at <= this.end || this.refuse()
  }

  /** The string that was read last. */
  text(): string {
    return names.get(this.bytes, this.from, this.to)
  }
}

const TRUE = literal('true')
const FALSE = literal('false')
const NULL = literal('null')

/** The bytes of an ASCII literal. */
export function literal(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0))
}
