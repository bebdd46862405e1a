/**
 * Words that a writer uses at one place: the keys of one kind of object, or the values of one field. A
 * writer has its habits, so the word that followed last time is tried first, whatever order it is.
 *
 * Hot path: do not edit without `npm run bench`.
 */

const WORD_BYTES = 4

export class Vocabulary {
  /** Bytes of each literal. */
  readonly lengths: Int32Array
  /** Where the 4-byte words of each literal begin; the last word may overlap the one before. */
  readonly starts: Int32Array
  readonly words: Int32Array
  /** What followed each word last time; the first place is for the first word of all. */
  readonly #followers: Int32Array
  #last = 0

  /** Literals in ASCII, at least 4 bytes each. */
  constructor(literals: readonly string[]) {
    this.lengths = Int32Array.from(literals, ({ length }) => length)
    this.starts = new Int32Array(literals.length)
    const words: number[] = []
    literals.forEach((literal, index) => {
      this.starts[index] = words.length
      words.push(...wordsOf(literal))
    })
    this.words = Int32Array.from(words)
    this.#followers = new Int32Array(literals.length + 1)
  }

  /** What follows is the first word of its place. */
  begin(): void {
    this.#last = 0
  }

  /** The word that is probably next. */
  get guess(): number {
    return this.#followers[this.#last] as number
  }

  /** It was this word. */
  was(index: number): void {
    this.#followers[this.#last] = index
    this.#last = index + 1
  }
}

/** The keys of one kind of object. */
export function keys(...names: readonly string[]): Vocabulary {
  return new Vocabulary(names.map((name) => `"${name}":`))
}

/** The string values of one field. */
export function values(...texts: readonly string[]): Vocabulary {
  return new Vocabulary(texts.map((text) => `"${text}"`))
}

/** Little-endian words that cover a literal. */
function wordsOf(literal: string): number[] {
  if (literal.length < WORD_BYTES) throw new Error(`too short to be compared by words: ${literal}`)
  const bytes = Uint8Array.from(literal, (character) => character.charCodeAt(0))
  const view = new DataView(bytes.buffer)
  const words: number[] = []
  const last = literal.length - WORD_BYTES
  for (let at = 0; at < last; at += WORD_BYTES) words.push(view.getInt32(at, true))
  words.push(view.getInt32(last, true))
  return words
}
