/**
 * Strings from bytes that come again and again: connection ids, versions. A known text is recognised
 * by its bytes, no new string is made for it.
 *
 * Hot path: do not edit without `npm run bench`.
 */

const SLOTS = 1 << 16
/** A newcomer that finds so many neighbouring slots taken replaces the first of them. */
const TRIES = 4
/** Words of one slot: the length, then the text, the last word of which may overlap. */
const STRIDE = 16
const LEAST = 4
const MOST = (STRIDE - 1) * 4

export class Interner {
  readonly #words = new Int32Array(SLOTS * STRIDE)
  readonly #texts: string[] = new Array(SLOTS)
  #length = 0

  /** Bytes of the newest text: the next one is probably as long. */
  get length(): number {
    return this.#length
  }

  /** The text of as many bytes at `from` if it is known. */
  find(view: DataView, from: number): string | undefined {
    const length = this.#length
    if (length < LEAST || length > MOST) return undefined
    const first = slotOf(view, from, length)
    for (let slot = first; slot < first + TRIES; slot += 1) {
      if (this.#holds(slot & (SLOTS - 1), view, from, length)) {
        return this.#texts[slot & (SLOTS - 1)]
      }
    }
    return undefined
  }

  /** Remembers a text that lies at `from`, unless it is very short or long. */
  remember(text: string, view: DataView, from: number): void {
    const { length } = text
    this.#length = length
    if (length < LEAST || length > MOST || this.find(view, from) !== undefined) return
    const words = this.#words
    const first = slotOf(view, from, length)
    let slot = first
    while (slot < first + TRIES && words[(slot & (SLOTS - 1)) * STRIDE] !== 0) slot += 1
    slot = (slot === first + TRIES ? first : slot) & (SLOTS - 1)
    let word = slot * STRIDE
    words[word] = length
    const last = from + length - 4
    for (let at = from; at < last; at += 4) {
      word += 1
      words[word] = view.getInt32(at, true)
    }
    words[word + 1] = view.getInt32(last, true)
    this.#texts[slot] = text
  }

  #holds(slot: number, view: DataView, from: number, length: number): boolean {
    const words = this.#words
    let word = slot * STRIDE
    if (words[word] !== length) return false
    const last = from + length - 4
    for (let at = from; at < last; at += 4) {
      word += 1
      if (words[word] !== view.getInt32(at, true)) return false
    }
    return words[word + 1] === view.getInt32(last, true)
  }
}

function slotOf(view: DataView, from: number, length: number): number {
  const last = from + length - 4
  let hash = length
  for (let at = from; at < last; at += 4)
    hash = Math.imul(hash ^ view.getInt32(at, true), 0x9e3779b1)
  hash = Math.imul(hash ^ view.getInt32(last, true), 0x9e3779b1)
  return (hash ^ (hash >>> 15)) & (SLOTS - 1)
}
