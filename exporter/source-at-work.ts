/** What the composition needs of a source, whether it reads files or asks a balancer. */
import type { SourceConfig } from './config/schema.ts'
import type { Stream } from './connections/table.ts'
import type { SavedSource } from './source-parts.ts'
import type { SourceState } from './source-state.ts'
import type { RowFields } from './state/row.ts'
import type { BatchWriter } from './state/state-rows.ts'

export interface SourceAtWork {
  readonly name: string
  /** What it reads, and how; equal only for the same. */
  readonly input: string
  /** What was there at the start has been read. */
  readonly ready: boolean
  /** For people. */
  readonly summary: { name: string; dialects: string[]; files: number; state: SourceState }
  start(): void
  stop(): Promise<void>
  /** Takes over settings that do not change what is read. */
  adopt(source: SourceConfig): Promise<void>
  /** Its connections and series are dropped; it is about to be stopped. */
  forget(): void
  /** One more look at everything; resolves when what it found is read. */
  sweep(): Promise<void>
  /** Puts the state of what it reads on the page. */
  publish(): void
  /** What is to be saved besides the files. */
  saved(): SavedSource
  /** Adds the rows of the files that changed since the last call; yields after each. */
  saveChanges(writer: BatchWriter): Generator<void, void>
  /** Adds the rows of all files; yields after each. */
  saveAll(writer: BatchWriter): Generator<void, void>
  /** Takes over what was saved, before the start; returns the streams by their saved numbers. */
  restore(
    saved: SavedSource,
    files: Iterable<RowFields>,
    archives: Iterable<RowFields>,
  ): ReadonlyMap<number, Stream>
}
