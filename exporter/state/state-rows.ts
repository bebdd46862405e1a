/** What the batches of the state hold: rows that replace each other by kind, owner, number and name. */
import { type RowFields, RowReader, RowWriter } from './row.ts'

const KINDS = ['meta', 'file', 'file_gone', 'connection', 'connection_over'] as const
export type RowKind = (typeof KINDS)[number]

/** Which row it is: the later one of the same key counts. */
export interface RowKey {
  /** The source's number, for files. */
  readonly owner?: number
  /** The file's number in its source, or the stream's. */
  readonly id?: number
  /** The connection's group. */
  readonly name?: string
}

/** Collects rows into one batch. */
export class BatchWriter {
  readonly #writer = new RowWriter()

  /** Bytes collected so far. */
  get length(): number {
    return this.#writer.length
  }

  /** Adds a row; `fill` writes what is in it. */
  put(kind: RowKind, key: RowKey, fill: (row: RowWriter) => void = () => undefined): void {
    const writer = this.#writer
    writer.number(KINDS.indexOf(kind))
    writer.number(key.owner ?? 0)
    writer.number(key.id ?? 0)
    writer.text(key.name ?? '')
    const begun = writer.begin()
    fill(writer)
    writer.end(begun)
  }

  /** The batch; the writer begins another one. */
  take(): Uint8Array {
    return this.#writer.take()
  }
}

/** The rows that count, after all batches. */
export interface SavedRows {
  readonly meta: Uint8Array | undefined
  /** By source number and file number. */
  readonly files: ReadonlyMap<number, ReadonlyMap<number, RowFields>>
  /** By stream number and group; undefined: that connection closed long ago. */
  readonly connections: ReadonlyMap<number, ReadonlyMap<string, RowFields | undefined>>
}

/** Reads batches in the order in which they were written; throws a RangeError if one is cut. */
export function readRows(batches: readonly Uint8Array[]): SavedRows {
  let meta: Uint8Array | undefined
  const files = new Map<number, Map<number, RowFields>>()
  const connections = new Map<number, Map<string, RowFields | undefined>>()
  for (const batch of batches) {
    const reader = new RowReader(batch)
    while (!reader.atEnd) {
      const kind = KINDS[reader.number()]
      const owner = reader.number()
      const id = reader.number()
      const name = reader.text()
      const part = reader.part()
      if (kind === 'meta') meta = part
      else if (kind === 'file') inner(files, owner).set(id, new RowReader(part))
      else if (kind === 'file_gone') inner(files, owner).delete(id)
      else inner(connections, id).set(name, kind === 'connection' ? new RowReader(part) : undefined)
    }
  }
  return { meta, files, connections }
}

function inner<K, V>(outer: Map<number, Map<K, V>>, key: number): Map<K, V> {
  let map = outer.get(key)
  if (map === undefined) {
    map = new Map()
    outer.set(key, map)
  }
  return map
}
