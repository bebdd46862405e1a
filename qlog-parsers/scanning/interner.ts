/** Strings from bytes that come again and again: event names, connection ids. */

const SLOTS = 1 << 16

/** Remembers one string for each slot of a hash; a newcomer takes the place of whoever was there. */
export class Interner {
  readonly #slots: string[] = new Array(SLOTS).fill('')

  /** The ASCII text of `bytes[from, to)`. */
  get(bytes: Uint8Array, from: number, to: number): string {
    let hash = to - from
    for (let at = from; at < to; at += 1) hash = (Math.imul(hash, 31) + (bytes[at] as number)) | 0
    const slot = (hash ^ (hash >>> 16)) & (SLOTS - 1)
    const known = this.#slots[slot] as string
    if (known.length === to - from && sameText(known, bytes, from)) return known
    const text = String.fromCharCode(...bytes.subarray(from, to))
    this.#slots[slot] = text
    return text
  }
}

function sameText(text: string, bytes: Uint8Array, from: number): boolean {
  for (let i = 0; i < text.length; i += 1) {
    if (text.charCodeAt(i) !== bytes[from + i]) return false
  }
  return true
}
