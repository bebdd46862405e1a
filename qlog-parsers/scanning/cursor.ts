/**
 * A cursor over the bytes of one record that reads JSON in place. It reads less than JSON allows (no
 * blanks between tokens, no escapes in what is read, ASCII only, numbers of at most 15 digits); where
 * the bytes need more, `ok` turns false for good and the record goes to the JSON path. What it does
 * accept, it validates completely.
 *
 * Hot path: do not edit without `npm run bench`.
 */
import { Holes } from './holes.ts'
import type { Vocabulary } from './vocabulary.ts'

const QUOTE = 0x22
const COMMA = 0x2c
const MINUS = 0x2d
const ZERO = 0x30
const NINE = 0x39
const COLON = 0x3a
const OPEN_LIST = 0x5b
const CLOSE_LIST = 0x5d
const OPEN = 0x7b
const CLOSE = 0x7d
const MOST_DEPTH = 16

/** `true`, `null` and the end of `false` as little-endian words. */
const TRUE = 0x65757274
const NULL = 0x6c6c756e
const ALSE = 0x65736c61

/** A key or a value that is none of the vocabulary. */
export const OTHER = -1
/** No further key: the object has ended, or the record was refused. */
export const END = -2

export class Cursor extends Holes {
  /** Whether only blanks follow, to the end of the record. */
  endsHere(): boolean {
    for (let at = this.at; at < this.end; at += 1) {
      const byte = this.bytes[at]
      if (byte !== 0x20 && byte !== 0x0d && byte !== 0x09) return false
    }
    return this.ok && this.at <= this.end
  }

  /** Enters an object: its first key, OTHER, or END if it has none. */
  enter(keys: Vocabulary): number {
    const at = this.at
    if (at >= this.end || this.bytes[at] !== OPEN) return this.noKey()
    keys.begin()
    if (this.bytes[at + 1] !== CLOSE) return this.key(keys, at + 1)
    this.at = at + 2
    return END
  }

  /** After a value: the next key, OTHER, or END at the end of the object. */
  next(keys: Vocabulary): number {
    const at = this.at
    if (!this.ok || at >= this.end) return this.noKey()
    const byte = this.bytes[at]
    if (byte === COMMA) return this.key(keys, at + 1)
    if (byte !== CLOSE) return this.noKey()
    this.at = at + 1
    return END
  }

  protected key(keys: Vocabulary, at: number): number {
    const index = this.word(keys, at)
    if (index >= 0) return index
    this.at = at
    if (!this.string()) return END
    if (this.bytes[this.at] !== COLON) return this.noKey()
    this.at += 1
    return OTHER
  }

  protected noKey(): number {
    this.ok = false
    return END
  }

  /** A string value: one of the vocabulary, or OTHER. Meaningless if the record is refused. */
  value(values: Vocabulary): number {
    const index = this.word(values, this.at)
    if (index < 0) this.string()
    return index
  }

  /** Passes one word of the vocabulary if one is here. */
  protected word(vocabulary: Vocabulary, at: number): number {
    const { guess } = vocabulary
    if (this.isHere(vocabulary, guess, at)) {
      vocabulary.was(guess)
      return guess
    }
    const { length } = vocabulary.lengths
    for (let index = 0; index < length; index += 1) {
      if (!this.isHere(vocabulary, index, at)) continue
      vocabulary.was(index)
      return index
    }
    return OTHER
  }

  protected isHere({ lengths, starts, words }: Vocabulary, index: number, start: number): boolean {
    const end = start + (lengths[index] as number)
    if (end > this.end) return false
    const view = this.view
    const last = end - 4
    let word = starts[index] as number
    for (let at = start; at < last; at += 4) {
      if (view.getInt32(at, true) !== words[word]) return false
      word += 1
    }
    if (view.getInt32(last, true) !== words[word]) return false
    this.at = end
    return true
  }

  /** Enters a list: true if a first element follows. */
  enterList(): boolean {
    if (this.at >= this.end || this.bytes[this.at] !== OPEN_LIST) return this.refuse()
    this.at += 1
    if (this.bytes[this.at] !== CLOSE_LIST) return true
    this.at += 1
    return false
  }

  /** After an element: true if another follows, false at the end of the list. */
  nextElement(): boolean {
    const at = this.at
    const byte = this.bytes[at]
    if (!this.ok || at >= this.end || (byte !== COMMA && byte !== CLOSE_LIST)) return this.refuse()
    this.at = at + 1
    return byte === COMMA
  }

  /** Passes any value, validating it. */
  skip(depth = 0): boolean {
    const byte = this.bytes[this.at] as number
    if ((byte >= ZERO && byte <= NINE) || byte === MINUS) return this.skipNumber()
    if (byte === QUOTE) return this.skipString()
    if (byte === OPEN) return depth < MOST_DEPTH ? this.skipObject(depth + 1) : this.refuse()
    if (byte === OPEN_LIST) {
      if (depth === MOST_DEPTH) return this.refuse()
      for (let more = this.enterList(); more; more = this.nextElement()) this.skip(depth + 1)
      return this.ok
    }
    return this.skipName()
  }

  protected skipObject(depth: number): boolean {
    this.at += 1
    if (this.bytes[this.at] === CLOSE) {
      this.at += 1
      return this.at <= this.end || this.refuse()
    }
    for (;;) {
      const holes = this.holeCount
      if (!this.skipString()) return false
      this.holeCount = holes
      if (this.bytes[this.at] !== COLON) return this.refuse()
      this.at += 1
      if (!this.skip(depth)) return false
      const byte = this.bytes[this.at]
      this.at += 1
      if (byte === CLOSE) return this.at <= this.end || this.refuse()
      if (byte !== COMMA) return this.refuse()
    }
  }

  protected skipName(): boolean {
    const at = this.at
    const end = this.end
    const word = at + 4 <= end ? this.view.getInt32(at, true) : 0
    if (word === TRUE || word === NULL) {
      this.at = at + 4
      return true
    }
    if (at + 5 > end || this.view.getInt32(at + 1, true) !== ALSE || this.bytes[at] !== 0x66) {
      return this.refuse()
    }
    this.at = at + 5
    return true
  }
}
