/**
 * Records as one writer writes them differ in few places: in the numbers and ids. What is left, the
 * skeleton, comes again and again. Once a record was read, the next one of the same skeleton is compared
 * with it word by word and only its holes are read. A tree: after each hole, what came next so far.
 *
 * Hot path: do not edit without `npm run bench`.
 */
import type { Plan } from '../dialect.ts'
import type { Cursor } from './cursor.ts'

/** What a whole record of one skeleton is. */
export interface Known {
  readonly name: string
  readonly hasGroup: boolean
  /** What is to be made of its values; undefined: nobody reads it. */
  readonly plan: Plan | undefined
}

const MOST_EDGES = 4_096
const MOST_WORDS = 1 << 16
/** Ways to go on from one place; a record with a further way is not remembered. */
const MOST_WAYS = 24
const NONE = -1
const LAST = -1

export class Skeletons {
  readonly #words = new Int32Array(MOST_WORDS)
  /** By edge: its literal, the hole behind it, the node behind that, the next edge of its own node. */
  readonly #from = new Int32Array(MOST_EDGES)
  readonly #lengths = new Int32Array(MOST_EDGES)
  readonly #kinds = new Int32Array(MOST_EDGES)
  readonly #slots = new Int32Array(MOST_EDGES)
  readonly #next = new Int32Array(MOST_EDGES)
  /** By node, which has the number of the edge that leads to it plus 1: its first edge. */
  readonly #first = new Int32Array(MOST_EDGES + 1).fill(NONE)
  readonly #known: (Known | undefined)[] = []
  #edges = 0
  #used = 0

  /** Reads the record at the cursor if its skeleton is known. */
  match(cursor: Cursor): Known | undefined {
    const kinds = this.#kinds
    for (let node = 0; ; ) {
      const edge = this.#way(cursor, node)
      if (edge === NONE) return undefined
      const kind = kinds[edge] as number
      if (kind === LAST) return this.#known[edge]
      if (!cursor.fill(kind, this.#slots[edge] as number)) return undefined
      node = edge + 1
    }
  }

  /** The edge whose literal is at the cursor; the one that was taken last is tried first. */
  #way(cursor: Cursor, node: number): number {
    const next = this.#next
    const words = this.#words
    let before = NONE
    for (let edge = this.#first[node] as number; edge !== NONE; edge = next[edge] as number) {
      const length = this.#lengths[edge] as number
      if (cursor.follow(words, this.#from[edge] as number, length, this.#kinds[edge] === LAST)) {
        if (before !== NONE) {
          next[before] = next[edge] as number
          next[edge] = this.#first[node] as number
          this.#first[node] = edge
        }
        return edge
      }
      before = edge
    }
    return NONE
  }

  /** Remembers the record `[start, end)` that was read to its end with these holes. */
  learn(cursor: Cursor, start: number, end: number, known: Known): void {
    const { holes, holeCount } = cursor
    let node = 0
    let at = start
    for (let hole = 0; hole < holeCount; hole += 1) {
      const [from = 0, to = 0, kind = 0, slot = 0] = holes.subarray(4 * hole, 4 * hole + 4)
      const edge = this.#edge(cursor, node, at, from, kind, slot)
      if (edge === NONE) return
      node = edge + 1
      at = to
    }
    const edge = this.#edge(cursor, node, at, end, LAST, 0)
    if (edge !== NONE) this.#known[edge] = known
  }

  /** The edge of a node with this literal and hole, made if it is not there. */
  #edge(
    cursor: Cursor,
    node: number,
    start: number,
    end: number,
    kind: number,
    slot: number,
  ): number {
    const words = cursor.wordsAt(start, end)
    let ways = 0
    for (let edge = this.#first[node] as number; edge !== NONE; edge = this.#next[edge] as number) {
      ways += 1
      if (this.#kinds[edge] !== kind || this.#slots[edge] !== slot) continue
      if (this.#lengths[edge] === end - start && this.#holds(edge, words)) return edge
    }
    if (ways === MOST_WAYS) return NONE
    if (this.#edges === MOST_EDGES || this.#used + words.length > MOST_WORDS) {
      this.#forget()
      return NONE
    }
    const edge = this.#edges
    this.#edges += 1
    this.#words.set(words, this.#used)
    this.#from[edge] = this.#used
    this.#used += words.length
    this.#lengths[edge] = end - start
    this.#kinds[edge] = kind
    this.#slots[edge] = slot
    this.#next[edge] = this.#first[node] as number
    this.#first[node] = edge
    this.#first[edge + 1] = NONE
    return edge
  }

  #holds(edge: number, words: readonly number[]): boolean {
    const from = this.#from[edge] as number
    for (let i = 0; i < words.length; i += 1) if (this.#words[from + i] !== words[i]) return false
    return true
  }

  /** What writers do now counts; what is used is soon learnt again. */
  #forget(): void {
    this.#edges = 0
    this.#used = 0
    this.#first[0] = NONE
    this.#known.length = 0
  }
}
