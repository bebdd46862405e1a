/** A state of numbered rows that is written as the exporter writes its own: the last put wins. */

/** Rows and their values. */
export type Rows = Map<number, string>

export class ToyState {
  readonly rows: Rows
  readonly #changed = new Set<number>()

  constructor(rows: Rows = new Map()) {
    this.rows = new Map(rows)
  }

  put(row: number, value: string): void {
    this.rows.set(row, value)
    this.#changed.add(row)
  }

  /** What changed since the last batch, or no more than so many rows of it. */
  batch(most = Number.POSITIVE_INFINITY): Buffer {
    const changed = [...this.#changed].slice(0, most)
    for (const row of changed) this.#changed.delete(row)
    return Buffer.from(JSON.stringify(changed.map((row) => [row, this.rows.get(row)])))
  }

  /** An image, each part of it as the rows are when it is asked for, all in the same memory. */
  *parts(rowsPerPart: number): Generator<Uint8Array> {
    const memory = Buffer.alloc(1024 * 1024)
    const all = [...this.rows.keys()]
    for (let at = 0; at < all.length; at += rowsPerPart) {
      const rows = all.slice(at, at + rowsPerPart).map((row) => [row, this.rows.get(row)])
      memory.fill(0)
      yield memory.subarray(0, memory.write(JSON.stringify(rows)))
    }
  }

  /** The same text for the same rows. */
  text(): string {
    return textOf(this.rows)
  }
}

/** The rows that batches make. */
export function restore(batches: readonly Uint8Array[]): Rows {
  return new Map(batches.flatMap((batch) => JSON.parse(Buffer.from(batch).toString())))
}

/** The same text for the same rows. */
export function textOf(rows: Rows): string {
  return JSON.stringify([...rows].toSorted(([a], [b]) => a - b))
}
