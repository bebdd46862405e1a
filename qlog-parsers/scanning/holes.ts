/**
 * What changes from record to record, as a cursor passes it: the holes of the record's skeleton, with the
 * values that are read in slots.
 *
 * Hot path: do not edit without `npm run bench`.
 */
import { Interner } from './interner.ts'
import { Tokens } from './tokens.ts'

const QUOTE = 0x22
const SLASH = 0x2f
const ZERO = 0x30
const NINE = 0x39
const BACKSLASH = 0x5c

/** Slots for ids: what groups records, and the destination connection id of a packet. */
export const GROUP_ID = 0
export const DESTINATION_ID = 1
const INTERNERS = [new Interner(), new Interner()]

/** What stands in a hole. */
const HOLE_NUMBER = 0
const HOLE_COUNT = 1
const HOLE_ID = 2
const HOLE_SKIPPED_NUMBER = 3
const HOLE_SKIPPED_STRING = 4

/** Values that a record may give; a record with more goes to the JSON path. */
export const MOST_VALUES = 256
const MOST_HOLES = 512
/** Shorter strings that nobody reads are part of the skeleton: most are words, not values. */
const LEAST_HOLE = 8

export class Holes extends Tokens {
  /** Numbers that were read, by slot. */
  readonly values = new Float64Array(MOST_VALUES)
  /** Ids that were read, by slot. */
  readonly ids: string[] = ['', '']
  /** Holes passed since `open`: start, end, kind, slot of each. */
  readonly holes = new Int32Array(4 * MOST_HOLES)
  holeCount = 0

  override open(bytes: Uint8Array, start: number, end: number): void {
    super.open(bytes, start, end)
    this.holeCount = 0
  }

  /** Whether a literal of `length` bytes, in words from `first`, is here; `last`: it ends the record. */
  follow(words: Int32Array, first: number, length: number, last: boolean): boolean {
    const start = this.at
    const end = start + length
    if (last ? end !== this.end : end > this.end) return false
    const view = this.view
    let word = first
    if (length < 4) {
      for (let at = start; at < end; at += 1) {
        if (this.bytes[at] !== words[word]) return false
        word += 1
      }
      this.at = end
      return true
    }
    const tail = end - 4
    for (let at = start; at < tail; at += 4) {
      if (view.getInt32(at, true) !== words[word]) return false
      word += 1
    }
    if (view.getInt32(tail, true) !== words[word]) return false
    this.at = end
    return true
  }

  /** The words of `bytes[start, end)` as `follow` compares them. */
  wordsAt(start: number, end: number): number[] {
    const words: number[] = []
    if (end - start < 4) {
      for (let at = start; at < end; at += 1) words.push(this.bytes[at] as number)
      return words
    }
    for (let at = start; at < end - 4; at += 4) words.push(this.view.getInt32(at, true))
    words.push(this.view.getInt32(end - 4, true))
    return words
  }

  /** Reads the value of a hole. */
  fill(kind: number, slot: number): boolean {
    switch (kind) {
      case HOLE_NUMBER:
        this.values[slot] = this.number()
        return this.ok
      case HOLE_COUNT:
        this.values[slot] = this.count()
        return this.ok
      case HOLE_ID:
        this.ids[slot] = this.id(INTERNERS[slot] as Interner)
        return this.ok
      case HOLE_SKIPPED_NUMBER:
        return this.passNumber()
      default:
        return this.string()
    }
  }

  protected hole(start: number, kind: number, slot: number): void {
    const at = 4 * this.holeCount
    if (this.holeCount === MOST_HOLES) {
      this.ok = false
      return
    }
    this.holes[at] = start
    this.holes[at + 1] = this.at
    this.holes[at + 2] = kind
    this.holes[at + 3] = slot
    this.holeCount += 1
  }

  /** Reads a non-negative number into a slot. */
  readNumber(slot: number): void {
    const start = this.at
    this.values[slot] = this.number()
    this.hole(start, HOLE_NUMBER, slot)
  }

  /** Reads a non-negative whole number into a slot. */
  readCount(slot: number): void {
    const start = this.at
    this.values[slot] = this.count()
    this.hole(start, HOLE_COUNT, slot)
  }

  /** Reads a string into a slot for ids. */
  readId(slot: number): void {
    const start = this.at
    this.ids[slot] = this.id(INTERNERS[slot] as Interner)
    this.hole(start, HOLE_ID, slot)
  }

  /** A string without escapes, as text; cheap for one that `ids` has seen before. */
  protected id(ids: Interner): string {
    const from = this.at + 1
    const to = from + ids.length
    if (to < this.end && this.bytes[to] === QUOTE && this.bytes[from - 1] === QUOTE) {
      // What is known was plain when it was first read.
      const known = ids.find(this.view, from)
      if (known !== undefined) {
        this.at = to + 1
        return known
      }
    }
    if (!this.string()) return ''
    const text = this.text()
    ids.remember(text, this.view, this.from)
    return text
  }

  /** As `string`, but escapes may be in it. */
  skipString(): boolean {
    const bytes = this.bytes
    const end = this.end
    const start = this.at
    if (bytes[start] !== QUOTE) return this.refuse()
    let at = this.plain(start + 1)
    const isPlain = bytes[at] === QUOTE
    while (at < end) {
      const byte = bytes[at]
      if (byte === QUOTE) {
        this.at = at + 1
        if (isPlain && at - start > LEAST_HOLE) this.hole(start, HOLE_SKIPPED_STRING, 0)
        return true
      }
      if (byte !== BACKSLASH) return this.refuse()
      const length = escapeLength(bytes, at)
      if (length === 0) return this.refuse()
      at = this.plain(at + length)
    }
    return this.refuse()
  }

  protected skipNumber(): boolean {
    const start = this.at
    if (!this.passNumber()) return false
    this.hole(start, HOLE_SKIPPED_NUMBER, 0)
    return this.ok
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
