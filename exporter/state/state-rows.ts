/** What the batches of the state hold: rows that replace each other by kind, owner, number and name. */
import { type RowFields, RowReader, RowWriter } from './row.ts'

/** Never changed but at the end. */
const KINDS = [
  'meta',
  'file',
  'file_gone',
  'connection',
  'connection_over',
  'archive',
  'archive_gone',
] as const
export type RowKind = (typeof KINDS)[number]

/** Which row it is: the later one of the same key counts. */
export interface RowKey {
  /** The source's number, for files and archives. */
  readonly owner?: number
  /** The file's or the archive's number in its source, or the stream's. */
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

  /** The rows so far, lent until the next call of this. */
  lend(): Uint8Array {
    return this.#writer.lend()
  }

  /** The batch, to keep; the writer begins another one. */
  take(): Uint8Array {
    return this.#writer.take()
  }
}

/** Where a row is: its batch, and its first byte in that; one number, since there may be very many. */
type Place = number
const BATCH = 2 ** 32
const OVER: Place = -1

/** The rows that count, after all batches. */
export class SavedRows {
  readonly #batches: readonly Uint8Array[]
  readonly #files = new Map<number, Map<number, Place>>()
  readonly #archives = new Map<number, Map<number, Place>>()
  readonly #connections = new Map<number, Map<string, Place>>()
  #meta: Uint8Array | undefined

  /** Batches in the order in which they were written; throws a RangeError if one is cut. */
  constructor(batches: readonly Uint8Array[]) {
    this.#batches = batches
    batches.forEach((bytes, batch) => {
      const reader = new RowReader(bytes)
      while (!reader.atEnd) this.#take(reader, batch)
    })
  }

  get meta(): Uint8Array | undefined {
    return this.#meta
  }

  /** The files of a source, by its number. */
  *filesOf(owner: number): Generator<RowFields, void> {
    for (const place of this.#files.get(owner)?.values() ?? []) yield this.#row(place)
  }

  /** The archives of a source, by its number. */
  *archivesOf(owner: number): Generator<RowFields, void> {
    for (const place of this.#archives.get(owner)?.values() ?? []) yield this.#row(place)
  }

  /** The connections of a stream, by its number, with their groups; no row: it closed long ago. */
  *connectionsOf(stream: number): Generator<[string, RowFields | undefined], void> {
    for (const [group, place] of this.#connections.get(stream) ?? []) {
      yield [group, place === OVER ? undefined : this.#row(place)]
    }
  }

  #take(reader: RowReader, batch: number): void {
    const kind = KINDS[reader.number()]
    const owner = reader.number()
    const id = reader.number()
    const name = reader.text()
    const part = reader.part()
    const place = batch * BATCH + reader.position - part.length
    if (kind === 'meta') this.#meta = part
    else if (kind === 'file') inner(this.#files, owner).set(id, place)
    else if (kind === 'file_gone') inner(this.#files, owner).delete(id)
    else if (kind === 'archive') inner(this.#archives, owner).set(id, place)
    else if (kind === 'archive_gone') inner(this.#archives, owner).delete(id)
    else inner(this.#connections, id).set(name, kind === 'connection' ? place : OVER)
  }

  #row(place: Place): RowFields {
    const batch = this.#batches[Math.floor(place / BATCH)] as Uint8Array
    return new RowReader(batch.subarray(place % BATCH))
  }
}

function inner<K>(outer: Map<number, Map<K, Place>>, key: number): Map<K, Place> {
  let map = outer.get(key)
  if (map === undefined) {
    map = new Map()
    outer.set(key, map)
  }
  return map
}
