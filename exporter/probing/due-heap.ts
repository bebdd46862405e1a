/** What is due next, of thousands: a binary heap. */

export interface Due {
  /** Monotonic ms. */
  readonly dueAt: number
}

export class DueHeap<T extends Due> {
  readonly #items: T[] = []

  get size(): number {
    return this.#items.length
  }

  /** What is due first; undefined if there is nothing. */
  first(): T | undefined {
    return this.#items[0]
  }

  push(item: T): void {
    const items = this.#items
    let at = items.length
    while (at > 0) {
      const above = (at - 1) >> 1
      const parent = items[above] as T
      if (parent.dueAt <= item.dueAt) break
      items[at] = parent
      at = above
    }
    items[at] = item
  }

  /** Takes what is due first. */
  pop(): T | undefined {
    const items = this.#items
    const first = items[0]
    const last = items.pop()
    if (last === undefined || items.length === 0) return first
    let at = 0
    for (;;) {
      const left = 2 * at + 1
      if (left >= items.length) break
      const right = left + 1
      const isRight = right < items.length && (items[right] as T).dueAt < (items[left] as T).dueAt
      const below = isRight ? right : left
      const child = items[below] as T
      if (child.dueAt >= last.dueAt) break
      items[at] = child
      at = below
    }
    items[at] = last
    return first
  }
}
