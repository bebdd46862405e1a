/**
 * A cursor over the bytes of one record that reads JSON in place. It reads less than JSON allows (no
 * blanks between tokens, no escapes in what is read, ASCII only, numbers of at most 15 digits); where
 * the bytes need more, `ok` turns false for good and the record goes to the JSON path. What it does
 * accept, it validates completely.
 *
 * Hot path: every byte of every packet record passes here. Do not edit without `npm run bench`.
 */
import { Interner } from './interner.ts'
import type { Vocabulary } from './vocabulary.ts'

const QUOTE = 0x22
const PLUS = 0x2b
const COMMA = 0x2c
const MINUS = 0x2d
const POINT = 0x2e
const SLASH = 0x2f
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

const TRUE = 0x65757274
const NULL = 0x6c6c756e
const ALSE = 0x65736c61

/** A key or a value that is none of the vocabulary; `from` and `to` bound it. */
export const OTHER = -1
/** No further key: the object has ended, or the record was refused. */
export const END = -2

/** Slots for ids: what groups records, and the destination connection id of a packet. */
export const GROUP_ID = 0
export const DESTINATION_ID = 1
const INTERNERS = [new Interner(), new Interner()]

const POWERS = Float64Array.from({ length: 23 }, (_, i) => Number(`1e${i}`))

/** What stands in a hole of a record's skeleton: the value of one place that changes from record to record. */
export const HOLE_NUMBER = 0
export const HOLE_COUNT = 1
export const HOLE_ID = 2
export const HOLE_SKIPPED_NUMBER = 3
export const HOLE_SKIPPED_STRING = 4

/** Values that a record may give; a record with more goes to the JSON path. */
export const MOST_VALUES = 256
const MOST_HOLES = 512
/** Shorter strings that nobody reads are part of the skeleton: most are words, not values. */
const LEAST_HOLE = 8

export class Cursor {
  /** Numbers that were read, by slot. */
  readonly values = new Float64Array(MOST_VALUES)
  /** Ids that were read, by slot. */
  readonly ids: string[] = ['', '']
  /** Holes passed since `open`: start, end, kind, slot of each. */
  readonly holes = new Int32Array(4 * MOST_HOLES)
  holeCount = 0
  #bytes: Uint8Array = new Uint8Array(0)
  #view: DataView = new DataView(new ArrayBuffer(0))
  #at = 0
  #end = 0
  #ok = true
  /** Bounds of the string that was read last. */
  #from = 0
  #to = 0

  open(bytes: Uint8Array, start: number, end: number): void {
    if (bytes !== this.#bytes) {
      this.#bytes = bytes
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    }
    this.#at = start
    this.#end = end
    this.#ok = true
    this.holeCount = 0
  }

  /** Whether a literal of `length` bytes, in words from `first`, is here; `last`: it ends the record. */
  follow(words: Int32Array, first: number, length: number, last: boolean): boolean {
    const start = this.#at
    const end = start + length
    if (last ? end !== this.#end : end > this.#end) return false
    const view = this.#view
    let word = first
    if (length < 4) {
      for (let at = start; at < end; at += 1) {
        if (this.#bytes[at] !== words[word]) return false
        word += 1
      }
      this.#at = end
      return true
    }
    const tail = end - 4
    for (let at = start; at < tail; at += 4) {
      if (view.getInt32(at, true) !== words[word]) return false
      word += 1
    }
    if (view.getInt32(tail, true) !== words[word]) return false
    this.#at = end
    return true
  }

  /** The words of `bytes[start, end)` as `follow` compares them. */
  wordsAt(start: number, end: number): number[] {
    const words: number[] = []
    if (end - start < 4) {
      for (let at = start; at < end; at += 1) words.push(this.#bytes[at] as number)
      return words
    }
    for (let at = start; at < end - 4; at += 4) words.push(this.#view.getInt32(at, true))
    words.push(this.#view.getInt32(end - 4, true))
    return words
  }

  /** Reads the value of a hole. */
  fill(kind: number, slot: number): boolean {
    switch (kind) {
      case HOLE_NUMBER:
        this.values[slot] = this.number()
        return this.#ok
      case HOLE_COUNT:
        this.values[slot] = this.count()
        return this.#ok
      case HOLE_ID:
        this.ids[slot] = this.#id(INTERNERS[slot] as Interner)
        return this.#ok
      case HOLE_SKIPPED_NUMBER:
        return this.#passNumber()
      default:
        return this.string()
    }
  }

  #hole(start: number, kind: number, slot: number): void {
    const at = 4 * this.holeCount
    if (this.holeCount === MOST_HOLES) {
      this.#ok = false
      return
    }
    this.holes[at] = start
    this.holes[at + 1] = this.#at
    this.holes[at + 2] = kind
    this.holes[at + 3] = slot
    this.holeCount += 1
  }

  /** Reads a non-negative number into a slot. */
  readNumber(slot: number): void {
    const start = this.#at
    this.values[slot] = this.number()
    this.#hole(start, HOLE_NUMBER, slot)
  }

  /** Reads a non-negative whole number into a slot. */
  readCount(slot: number): void {
    const start = this.#at
    this.values[slot] = this.count()
    this.#hole(start, HOLE_COUNT, slot)
  }

  /** Reads a string into a slot for ids. */
  readId(slot: number): void {
    const start = this.#at
    this.ids[slot] = this.#id(INTERNERS[slot] as Interner)
    this.#hole(start, HOLE_ID, slot)
  }

  get ok(): boolean {
    return this.#ok
  }

  /** Gives the record up: returns false, always. */
  refuse(): false {
    this.#ok = false
    return false
  }

  /** Whether only blanks follow, to the end of the record. */
  endsHere(): boolean {
    for (let at = this.#at; at < this.#end; at += 1) {
      const byte = this.#bytes[at]
      if (byte !== 0x20 && byte !== 0x0d && byte !== 0x09) return false
    }
    return this.#ok && this.#at <= this.#end
  }

  /** Whether the OTHER key or value that was read last begins so. */
  beginsWith(text: string): boolean {
    for (let i = 0; i < text.length; i += 1) {
      if (this.#bytes[this.#from + i] !== text.charCodeAt(i)) return false
    }
    return true
  }

  /** Enters an object: its first key, OTHER, or END if it has none. */
  enter(keys: Vocabulary): number {
    const at = this.#at
    if (at >= this.#end || this.#bytes[at] !== OPEN) return this.#noKey()
    keys.begin()
    if (this.#bytes[at + 1] !== CLOSE) return this.#key(keys, at + 1)
    this.#at = at + 2
    return END
  }

  /** After a value: the next key, OTHER, or END at the end of the object. */
  next(keys: Vocabulary): number {
    const at = this.#at
    if (!this.#ok || at >= this.#end) return this.#noKey()
    const byte = this.#bytes[at]
    if (byte === COMMA) return this.#key(keys, at + 1)
    if (byte !== CLOSE) return this.#noKey()
    this.#at = at + 1
    return END
  }

  #key(keys: Vocabulary, at: number): number {
    const index = this.#word(keys, at)
    if (index >= 0) return index
    this.#at = at
    if (!this.string()) return END
    if (this.#bytes[this.#at] !== COLON) return this.#noKey()
    this.#at += 1
    return OTHER
  }

  #noKey(): number {
    this.#ok = false
    return END
  }

  /** A string value: one of the vocabulary, or OTHER. Meaningless if the record is refused. */
  value(values: Vocabulary): number {
    const index = this.#word(values, this.#at)
    if (index < 0) this.string()
    return index
  }

  /** Passes one word of the vocabulary if one is here. */
  #word(vocabulary: Vocabulary, at: number): number {
    const { guess } = vocabulary
    if (this.#isHere(vocabulary, guess, at)) {
      vocabulary.was(guess)
      return guess
    }
    const { length } = vocabulary.lengths
    for (let index = 0; index < length; index += 1) {
      if (!this.#isHere(vocabulary, index, at)) continue
      vocabulary.was(index)
      return index
    }
    return OTHER
  }

  #isHere({ lengths, starts, words }: Vocabulary, index: number, start: number): boolean {
    const end = start + (lengths[index] as number)
    if (end > this.#end) return false
    const view = this.#view
    const last = end - 4
    let word = starts[index] as number
    for (let at = start; at < last; at += 4) {
      if (view.getInt32(at, true) !== words[word]) return false
      word += 1
    }
    if (view.getInt32(last, true) !== words[word]) return false
    this.#at = end
    return true
  }

  /** Whether a string is next. */
  atString(): boolean {
    return this.#bytes[this.#at] === QUOTE
  }

  /** Passes a string without escapes. */
  string(): boolean {
    const bytes = this.#bytes
    let at = this.#at
    if (bytes[at] !== QUOTE) return this.refuse()
    at += 1
    this.#from = at
    at = this.#plain(at)
    if (at >= this.#end || bytes[at] !== QUOTE) return this.refuse()
    this.#to = at
    this.#at = at + 1
    return true
  }

  /** The first byte from `at` that is a quote, a backslash, a control character or not ASCII. */
  #plain(start: number): number {
    const view = this.#view
    const bytes = this.#bytes
    const end = this.#end
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
    let text = ''
    for (let at = this.#from; at < this.#to; at += 1) {
      text += String.fromCharCode(this.#bytes[at] as number)
    }
    return text
  }

  /** A string without escapes, as text; cheap for one that `ids` has seen before. */
  #id(ids: Interner): string {
    const from = this.#at + 1
    const to = from + ids.length
    if (to < this.#end && this.#bytes[to] === QUOTE && this.#bytes[from - 1] === QUOTE) {
      // What is known was plain when it was first read.
      const known = ids.find(this.#view, from)
      if (known !== undefined) {
        this.#at = to + 1
        return known
      }
    }
    if (!this.string()) return ''
    const text = this.text()
    ids.remember(text, this.#view, this.#from)
    return text
  }

  /** Enters a list: true if a first element follows. */
  enterList(): boolean {
    if (this.#at >= this.#end || this.#bytes[this.#at] !== OPEN_LIST) return this.refuse()
    this.#at += 1
    if (this.#bytes[this.#at] !== CLOSE_LIST) return true
    this.#at += 1
    return false
  }

  /** After an element: true if another follows, false at the end of the list. */
  nextElement(): boolean {
    const at = this.#at
    const byte = this.#bytes[at]
    if (!this.#ok || at >= this.#end || (byte !== COMMA && byte !== CLOSE_LIST))
      return this.refuse()
    this.#at = at + 1
    return byte === COMMA
  }

  /** A non-negative number, exactly as JSON.parse reads it. */
  number(): number {
    const bytes = this.#bytes
    let at = this.#at
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
      if (!this.#ok) return 0
      decimals -= exponent
      if (decimals < -22 || decimals > 22) return this.#noNumber()
    } else this.#at = at
    if (this.#at > this.#end) return this.#noNumber()
    // One operation on two exact operands: correctly rounded, as JSON.parse rounds.
    if (decimals >= 0) return mantissa / (POWERS[decimals] as number)
    const value = mantissa * (POWERS[-decimals] as number)
    return value <= MOST ? value : this.#noNumber()
  }

  #exponent(start: number): number {
    const bytes = this.#bytes
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
    if (at === first || (byte >= ZERO && byte <= NINE)) return this.#noNumber()
    this.#at = at
    return negative ? -exponent : exponent
  }

  #noNumber(): number {
    this.#ok = false
    return 0
  }

  /** A non-negative whole number. */
  count(): number {
    const bytes = this.#bytes
    const start = this.#at
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
      this.#at = at
      return value
    }
    value = this.number()
    return Number.isInteger(value) ? value : this.#noNumber()
  }

  /** Passes any value, validating it. */
  skip(depth = 0): boolean {
    const byte = this.#bytes[this.#at] as number
    if ((byte >= ZERO && byte <= NINE) || byte === MINUS) return this.#skipNumber()
    if (byte === QUOTE) return this.skipString()
    if (byte === OPEN) return depth < MOST_DEPTH ? this.#skipObject(depth + 1) : this.refuse()
    if (byte === OPEN_LIST) {
      if (depth === MOST_DEPTH) return this.refuse()
      for (let more = this.enterList(); more; more = this.nextElement()) this.skip(depth + 1)
      return this.#ok
    }
    return this.#skipName()
  }

  #skipObject(depth: number): boolean {
    this.#at += 1
    if (this.#bytes[this.#at] === CLOSE) {
      this.#at += 1
      return this.#at <= this.#end || this.refuse()
    }
    for (;;) {
      const holes = this.holeCount
      if (!this.skipString()) return false
      this.holeCount = holes
      if (this.#bytes[this.#at] !== COLON) return this.refuse()
      this.#at += 1
      if (!this.skip(depth)) return false
      const byte = this.#bytes[this.#at]
      this.#at += 1
      if (byte === CLOSE) return this.#at <= this.#end || this.refuse()
      if (byte !== COMMA) return this.refuse()
    }
  }

  #skipName(): boolean {
    const at = this.#at
    const end = this.#end
    const word = at + 4 <= end ? this.#view.getInt32(at, true) : 0
    if (word === TRUE || word === NULL) {
      this.#at = at + 4
      return true
    }
    if (at + 5 > end || this.#view.getInt32(at + 1, true) !== ALSE || this.#bytes[at] !== 0x66) {
      return this.refuse()
    }
    this.#at = at + 5
    return true
  }

  /** As `string`, but escapes may be in it. */
  skipString(): boolean {
    const bytes = this.#bytes
    const end = this.#end
    const start = this.#at
    if (bytes[start] !== QUOTE) return this.refuse()
    let at = this.#plain(start + 1)
    const isPlain = bytes[at] === QUOTE
    while (at < end) {
      const byte = bytes[at]
      if (byte === QUOTE) {
        this.#at = at + 1
        if (isPlain && at - start > LEAST_HOLE) this.#hole(start, HOLE_SKIPPED_STRING, 0)
        return true
      }
      if (byte !== BACKSLASH) return this.refuse()
      const length = escapeLength(bytes, at)
      if (length === 0) return this.refuse()
      at = this.#plain(at + length)
    }
    return this.refuse()
  }

  #skipNumber(): boolean {
    const start = this.#at
    if (!this.#passNumber()) return false
    this.#hole(start, HOLE_SKIPPED_NUMBER, 0)
    return this.#ok
  }

  /** Whole numbers of any length (2^64 − 1 is common); others as `number` reads them. */
  #passNumber(): boolean {
    const bytes = this.#bytes
    if (bytes[this.#at] === MINUS) this.#at += 1
    const start = this.#at
    let at = start
    let byte = bytes[at] as number
    while (byte >= ZERO && byte <= NINE) byte = bytes[++at] as number
    if (byte === POINT || byte === 0x65 || byte === 0x45) {
      this.number()
      return this.#ok
    }
    if (at === start || (bytes[start] === ZERO && at > start + 1)) return this.refuse()
    this.#at = at
    return at <= this.#end || this.refuse()
  }
}

/** Length of the escape at a backslash (RFC 8259 §7), 0 if it is none. */
function escapeLength(bytes: Uint8Array, at: number): number {
  switch (bytes[at + 1]) {
    case QUOTE:
    case SLASH:
    case BACKSLASH:
    case 0x62: // b
    case 0x66: // f
    case 0x6e: // n
    case 0x72: // r
    case 0x74: // t
      return 2
    case 0x75: // u
      for (let i = 2; i < 6; i += 1) if (!isHex(bytes[at + i] as number)) return 0
      return 6
    default:
      return 0
  }
}

function isHex(byte: number): boolean {
  const letter = byte | 0x20
  return (byte >= ZERO && byte <= NINE) || (letter >= 0x61 && letter <= 0x66)
}
