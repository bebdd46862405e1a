/** Everything that must survive this process, as rows, and back: what is read, of whom, how far, and every metric. */

import type { Connection } from './connections/connection.ts'
import { connectionRow } from './connections/connection-row.ts'
import type { Stream, TableChanges } from './connections/table.ts'
import { restore, type StoreData, snapshotOf } from './metrics/snapshot.ts'
import type { Pipeline } from './pipeline.ts'
import type { SavedOwnProbes } from './probing/own-probes.ts'
import type { SavedVerdict } from './probing/verdicts.ts'
import type { SourceAtWork } from './source-at-work.ts'
import type { SavedSource } from './source-parts.ts'
import type { RowFields } from './state/row.ts'
import { BatchWriter, SavedRows } from './state/state-rows.ts'

/** Bytes of one slice; a turn of the event loop writes one. */
const SLICE_BYTES = 1 << 19

interface Meta {
  readonly sources: readonly SavedSource[]
  readonly metrics: StoreData
  /** Absent in a state that was written before there were probes. */
  readonly verdicts?: readonly SavedVerdict[]
  /** Absent in a state that was written before probes were known again. */
  readonly ownProbes?: SavedOwnProbes
}

/** Who knows which backends are up, and which connections were only probes. */
export interface ProbingKeeper {
  saved(): readonly SavedVerdict[]
  restore(saved: readonly SavedVerdict[]): void
  readonly own: { saved(): SavedOwnProbes; restore(saved: SavedOwnProbes): void }
}

/** What was taken over from an earlier process. */
export interface Restored {
  /** Names of the sources that go on. */
  readonly sources: readonly string[]
  /** Names of the sources that begin anew: they are new, or read something else. */
  readonly clean: readonly string[]
  /** Names of the metrics that begin anew: their shape changed. */
  readonly cleanMetrics: readonly string[]
}

export class Checkpoint {
  readonly #pipeline: Pipeline
  readonly #list: TableChanges
  readonly #sliceBytes: number
  readonly #probing: ProbingKeeper | undefined
  readonly #sources: () => readonly SourceAtWork[]
  readonly #writer = new BatchWriter()
  /** All slices go into one batch: none of them is lent. */
  #isBatch = false
  #pass: Generator<Uint8Array, void> | undefined

  constructor(
    pipeline: Pipeline,
    changes: TableChanges,
    sources: () => readonly SourceAtWork[],
    sliceBytes = SLICE_BYTES,
    probing?: ProbingKeeper,
  ) {
    this.#probing = probing
    this.#sliceBytes = sliceBytes
    this.#pipeline = pipeline
    this.#list = changes
    this.#sources = sources
  }

  /**
   * What changed since the last call, slice by slice; what is left goes into the next batch, and so does
   * what changes again meanwhile. The slices count only together with that batch; each is lent until the next
   * one is asked for.
   */
  changes(): Generator<Uint8Array, void> {
    this.#pass = this.#changed()
    return this.#pass
  }

  *#changed(): Generator<Uint8Array, void> {
    const writer = this.#writer
    for (const source of this.#sources()) {
      for (const _ of source.saveChanges(writer)) if (this.#isSlice(writer)) yield this.#slice()
    }
    const { connections, over } = this.#list
    for (const { stream, group } of over.splice(0)) putOver(writer, stream, group)
    for (let left = connections.length; left > 0; left -= 1) {
      // One by one, so that nothing is forgotten should nobody ask for the next slice.
      const connection = connections.pop()
      if (connection === undefined) break
      connection.touched = false
      if (connection.forgotten) continue
      putConnection(writer, connection)
      if (this.#isSlice(writer)) yield this.#slice()
    }
  }

  /** What changed since the last call, and all metrics: one synchronous turn. */
  batch(): Uint8Array {
    this.#isBatch = true
    // A pass that somebody has not finished holds rows that must not be missing.
    const slices = [...(this.#pass ?? []), ...this.changes()]
    this.#isBatch = false
    const meta: Meta = {
      sources: this.#sources().map((source) => source.saved()),
      metrics: snapshotOf(this.#pipeline.metrics),
      verdicts: this.#probing?.saved() ?? [],
      ...(this.#probing === undefined ? {} : { ownProbes: this.#probing.own.saved() }),
    }
    this.#writer.put('meta', {}, (row) => row.bytes(Buffer.from(JSON.stringify(meta))))
    const last = this.#writer.take()
    return slices.length === 0 ? last : Buffer.concat([...slices, last])
  }

  /**
   * Everything but the metrics, slice by slice. What changes while it is written is in the next batch: an
   * image counts only together with that. A slice is lent until the next one is asked for.
   */
  *image(): Generator<Uint8Array, void> {
    const writer = new BatchWriter()
    for (const source of this.#sources()) {
      for (const _ of source.saveAll(writer)) if (this.#isSlice(writer)) yield writer.lend()
    }
    for (const stream of this.#pipeline.table.streams) {
      for (const connection of stream.connections.values()) {
        putConnection(writer, connection)
        if (this.#isSlice(writer)) yield writer.lend()
      }
      for (const group of stream.over) {
        putOver(writer, stream, group)
        if (this.#isSlice(writer)) yield writer.lend()
      }
    }
    yield writer.lend()
  }

  /** Takes over what an earlier process saved; before the sources are started. Throws if it cannot be read. */
  restore(batches: readonly Uint8Array[]): Restored {
    const rows = new SavedRows(batches)
    if (rows.meta === undefined) throw new Error('the state says nothing of sources')
    const meta = JSON.parse(Buffer.from(rows.meta).toString()) as Meta
    // Before any file goes on: which traces are left out hangs on it.
    if (meta.ownProbes !== undefined) this.#probing?.own.restore(meta.ownProbes)
    const goingOn = this.#sources().flatMap((source) => {
      const saved = meta.sources.find(
        ({ name, input }) => name === source.name && input === source.input,
      )
      return saved === undefined ? [] : [{ source, saved }]
    })
    const names = goingOn.map(({ source }) => source.name)
    const cleanMetrics = restore(this.#pipeline.metrics, meta.metrics, (owner) =>
      names.includes(owner),
    )
    for (const { source, saved } of goingOn) {
      const { key } = saved
      const streams = source.restore(saved, rows.filesOf(key), rows.archivesOf(key))
      for (const [id, stream] of streams) {
        this.#restoreStream(stream, rows.connectionsOf(id))
      }
    }
    this.#probing?.restore(meta.verdicts ?? [])
    const clean = this.#sources().flatMap(({ name }) => (names.includes(name) ? [] : [name]))
    return { sources: names, clean, cleanMetrics }
  }

  /**
   * Only an image can be written next: it holds all that changed until now, and while none can be written
   * that must not pile up.
   */
  forgetChanges(): void {
    for (const connection of this.#list.connections) connection.touched = false
    this.#list.connections.length = 0
    this.#list.over.length = 0
    this.#pass = undefined
    this.#writer.take()
  }

  #slice(): Uint8Array {
    return this.#isBatch ? this.#writer.take() : this.#writer.lend()
  }

  #isSlice(writer: BatchWriter): boolean {
    return writer.length >= this.#sliceBytes
  }

  #restoreStream(
    stream: Stream,
    connections: Iterable<readonly [string, RowFields | undefined]>,
  ): void {
    for (const [group, row] of connections) {
      if (row === undefined) stream.over.add(group)
      else {
        this.#pipeline.table.restore(stream, group, row.number(0), (connection) =>
          connectionRow(connection, row),
        )
      }
    }
  }
}

function putConnection(writer: BatchWriter, connection: Connection): void {
  const { origin, group } = connection
  writer.put('connection', { id: origin.id, name: group }, (row) => {
    row.number(connection.startedAt)
    connectionRow(connection, row)
  })
}

function putOver(writer: BatchWriter, { id }: Stream, group: string): void {
  writer.put('connection_over', { id, name: group })
}
