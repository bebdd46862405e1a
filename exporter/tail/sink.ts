import type { RowFields } from '../state/row.ts'

/** Why bytes that were seen on disk could not be read. */
export type LossReason = 'deleted' | 'truncated' | 'nul_hole' | 'other'

/** Why a path below a root was not read, for now or for good. */
export type FileErrorReason =
  | 'permission'
  | 'io'
  | 'not_regular'
  | 'outside_root'
  | 'limit'
  | 'other'

/** Why a file that was being read is read anew. */
export type ResetReason = 'truncated' | 'marker' | 'replaced' | 'other'

/** What the tailer feeds with the bytes of one file. All calls are synchronous. */
export interface FileSink {
  /**
   * Only the beginning of a file that is not read from its start: lets the reader learn the header
   * record. Called with the first up to 64 KiB.
   */
  header(chunk: Uint8Array): void
  /**
   * The next fed bytes may begin inside a record: everything up to the next record boundary is
   * skipped, uncounted. (The tailer then feeds from one byte BEFORE the start offset, so that a
   * boundary exactly there is seen.)
   */
  skipToRecord(): void
  /**
   * Bytes from the first unapplied byte on. Returns how many bytes were used (whole records
   * applied, or discarded as oversize); the rest is offered again, longer, next time. `atEnd`:
   * nothing will ever follow, so an unterminated last record is to be applied or rejected; then
   * everything is used. The chunk is only lent: its memory is written over after the call.
   */
  feed(chunk: Uint8Array, atEnd: boolean): number
  /**
   * The file has not grown for so long (ms, wall clock); called once per sweep for a file that did
   * not grow. Returns whether what it remembers changed, so that it must be saved again.
   */
  silent(forMs: number): boolean
  /**
   * Nothing more will come from this file: it was drained and is gone (deleted, or replaced).
   * After feed(…, true).
   */
  closed(): void
  /**
   * Whether what it was fed has come to its end, so that more is not expected; false where nothing
   * was understood.
   */
  finished(): boolean
  /** Shows all that it remembers, to be saved; or, just opened, takes over what was saved. */
  state(row: RowFields): void
}

/** Told of what happens to the files of one source; counts, never decides. */
export interface TailObserver {
  /** Bytes used by a sink. */
  read(bytes: number): void
  /** Bytes that were seen on disk and will never be fed. */
  lost(reason: LossReason, bytes: number): void
  /** A path that is not read; at most once per path and reason in a minute. */
  fileError(reason: FileErrorReason, path: string): void
  /** A file that is read anew because it no longer continues what was read. */
  fileReset(reason: ResetReason): void
}
