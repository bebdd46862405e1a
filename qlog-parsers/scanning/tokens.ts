/**
 * Strings and numbers of JSON, read in place. Where the bytes need more than is read here, `ok` turns
 * false for good and the record goes to the JSON path.
 *
 * Hot path: do not edit without `npm run bench`.
 */

const QUOTE = 0x22
const PLUS = 0x2b
const COMMA = 0x2c
const MINUS = 0x2d
const POINT = 0x2e
const ZERO = 0x30
const NINE = 0x39
const BACKSLASH = 0x5c
const CLOSE_LIST = 0x5d
const CLOSE = 0x7d
const MOST_DIGITS = 15
const MOST = 1e15
/** No text that is read, id or word, is longer. */
const MOST_TEXT = 256

const POWERS = Float64Array.from({ length: 23 }, (_, i) => Number(`1e${i}`))

export class Tokens {
  protected bytes: Uint8Array = new Uint8Array(0)
  protected view: DataView = new DataView(new ArrayBuffer(0))
  protected at = 0
  protected end = 0
  /** Bounds of the string that was read last. */
  protected from = 0
  protected to = 0
  /** Nothing was met yet that only JSON.parse may judge. */
  ok = true

  open(bytes: Uint8Array, start: number, end: number): void {
    if (bytes !== this.bytes) {
      this.bytes = bytes
      this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    }
    this.at = start
    this.end = end
    this.ok = true
  }

  /** Gives the record up: returns false, always. */
  refuse(): false {
    this.ok = false
    return false
  }

  /** Whether a string is next. */
  atString(): boolean {
    return this.bytes[this.at] === QUOTE
  }

  /** Passes a string without escapes. */
  string(): boolean {
    const bytes = this.bytes
    let at = this.at
    if (bytes[at] !== QUOTE) return this.refuse()
    at += 1
    this.from = at
    at = this.plain(at)
    if (at >= this.end || bytes[at] !== QUOTE) return this.refuse()
    this.to = at
    this.at = at + 1
    return true
  }

  /** The first byte from `at` that is a quote, a backslash, a control character or not ASCII. */
  protected plain(start: number): number {
    const view = this.view
    const bytes = this.bytes
    const end = this.end
    let at = start
    for (const last = end - 4; at <= last; at += 4) {
      const word = view.getInt32(at, true)
      const quote = word ^ 0x22222222
      const backslash = word ^ 0x5c5c5c5c
      // The highest bit of each byte: set where the byte is special, and now and then in the byte after it.
      const special =
        word |
        (word - 0x20202020) |
        ((quote - 0x01010101) & ~quote) |
        ((backslash - 0x01010101) & ~backslash)
      if ((special & 0x80808080) !== 0) break
    }
    while (at < end) {
      const byte = bytes[at] as number
      if (byte === QUOTE || byte === BACKSLASH || byte < 0x20 || byte > 0x7f) break
      at += 1
    }
    return at
  }

  /** The text of the string that was read last. */
  text(): string {
    if (this.to - this.from > MOST_TEXT) {
      this.ok = false
      return ''
    }
    return String.fromCharCode(...this.bytes.subarray(this.from, this.to))
  }

  /** A non-negative number, exactly as JSON.parse reads it. */
  number(): number {
    const bytes = this.bytes
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
    if (digits === 0 || (byte >= ZERO && byte <= NINE)) return this.noNumber()
    if (byte === POINT) {
      byte = bytes[++at] as number
      const point = at
      while (byte >= ZERO && byte <= NINE) {
        mantissa = mantissa * 10 + (byte - ZERO)
        byte = bytes[++at] as number
      }
      decimals = at - point
      if (decimals === 0) return this.noNumber()
    }
    if (digits + decimals > MOST_DIGITS) return this.noNumber()
    if (byte === 0x65 || byte === 0x45) {
      const exponent = this.exponent(at + 1)
      if (!this.ok) return 0
      decimals -= exponent
      if (decimals < -22 || decimals > 22) return this.noNumber()
    } else this.at = at
    if (this.at > this.end) return this.noNumber()
    // One operation on two exact operands: correctly rounded, as JSON.parse rounds.
    if (decimals >= 0) return mantissa / (POWERS[decimals] as number)
    const value = mantissa * (POWERS[-decimals] as number)
    return value <= MOST ? value : this.noNumber()
  }

  protected exponent(start: number): number {
    const bytes = this.bytes
    let at = start
    const negative = bytes[at] === MINUS
    if (negative || bytes[at] === PLUS) at += 1
    const first = at
    let exponent = 0
    let byte = bytes[at] as number
    while (byte >= ZERO && byte <= NINE && at - first < 4) {
      exponent = exponent * 10 + (byte - ZERO)
      byte = bytes[++at] as number
    }
    if (at === first || (byte >= ZERO && byte <= NINE)) return this.noNumber()
    this.at = at
    return negative ? -exponent : exponent
  }

  protected noNumber(): number {
    this.ok = false
    return 0
  }

  /** A non-negative whole number. */
  count(): number {
    const bytes = this.bytes
    const start = this.at
    let at = start
    let value = 0
    let byte = bytes[at] as number
    while (byte >= ZERO && byte <= NINE) {
      value = value * 10 + (byte - ZERO)
      byte = bytes[++at] as number
    }
    const digits = at - start
    const isPlain = byte === COMMA || byte === CLOSE || byte === CLOSE_LIST
    if (isPlain && digits > 0 && digits <= MOST_DIGITS && (digits === 1 || bytes[start] !== ZERO)) {
      this.at = at
      return value
    }
    value = this.number()
    return Number.isInteger(value) ? value : this.noNumber()
  }

  /** Whole numbers of any length (2^64 − 1 is common); others as `number` reads them. */
  protected passNumber(): boolean {
    const bytes = this.bytes
    if (bytes[this.at] === MINUS) this.at += 1
    const start = this.at
    let at = start
    let byte = bytes[at] as number
    while (byte >= ZERO && byte <= NINE) byte = bytes[++at] as number
    if (byte === POINT || byte === 0x65 || byte === 0x45) {
      this.number()
      return this.ok
    }
    if (at === start || (bytes[start] === ZERO && at > start + 1)) return this.refuse()
    this.at = at
    return at <= this.end || this.refuse()
  }
}
