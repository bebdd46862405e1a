/** One inode as its writer knows it, and how far the exporter must have come with it. */
import { closeSync } from 'node:fs'

/** What whole records hold, and how many bytes there are with everything else. */
export interface Content {
  /** Records of packets. */
  readonly records: number
  /** Sum of the packets' lengths, in bytes. */
  readonly payload: number
  readonly bytes: number
}

/** How far the exporter is with a file: this life of it, or what a life would begin with. */
export interface Mark extends Content {
  /** Whether the exporter has ever seen the file. */
  readonly known: boolean
  /** Bytes of whole records; `bytes` counts the part of one too. */
  readonly used: number
  /** Whether the exporter has finished the file: nobody can find it any more, and time has passed. */
  readonly over: boolean
}

/** Longest record that is read, in bytes. */
export const MAX_RECORD_BYTES = 4096

/** A record of which only a part is written. */
export interface Torn {
  readonly payload: number
  readonly bytes: number
  readonly rest: string
  /** Only the line feed is missing: at the end of the file it is a record all the same. */
  readonly whole: boolean
  /** Too long to be read. */
  readonly long: boolean
}

/** Since when a file is found to be gone, by the exporter's clock. */
interface Missed {
  readonly since: number
  looks: number
  grewAt: number
}

export interface WorldFile {
  readonly id: number
  readonly ino: bigint
  /** Whether a symbolic link leads to it. */
  readonly linked: boolean
  /** -1: its writer has closed it, or it is what a truncation took away. */
  fd: number
  /** undefined: deleted. */
  path: string | undefined
  /**
   * `read`: a scan finds it. `aside`: it is in its directory, under a name that is not read. `gone`: it
   * can be read only by who holds it open. `cut`: it was truncated away.
   */
  place: 'read' | 'aside' | 'gone' | 'cut'
  /** When it was taken away from where it was read. */
  detachedAt: number
  written: Content
  torn: Torn | undefined
  /** Records that were too long. */
  long: { readonly records: number; readonly bytes: number }
  /** Whether the end of the connection is written. */
  closed: boolean
  /** Whether this life holds it open. */
  held: boolean
  missed: Missed | undefined
  /** What this life has read. */
  now: Mark
  /** What was handed over to be saved last; it may be torn as long as no answer followed. */
  pending: Mark
  /** What is saved for sure. */
  saved: Mark
}

const NOTHING: Mark = { known: false, records: 0, payload: 0, bytes: 0, used: 0, over: false }
const EMPTY: Content = { records: 0, payload: 0, bytes: 0 }

/** A file that was just created, or emptied; `known`: in what marks it is known already. */
export function newFile(
  facts: Pick<WorldFile, 'id' | 'ino' | 'linked' | 'fd' | 'path'>,
  known: Partial<Pick<WorldFile, 'held' | 'now' | 'pending' | 'saved'>> = {},
): WorldFile {
  const begun = (mark: Mark = NOTHING): Mark => ({ ...NOTHING, known: mark.known })
  return {
    ...facts,
    place: 'read',
    detachedAt: 0,
    written: EMPTY,
    torn: undefined,
    long: { records: 0, bytes: 0 },
    closed: false,
    held: known.held ?? false,
    missed: undefined,
    now: begun(known.now),
    pending: begun(known.pending),
    saved: begun(known.saved),
  }
}

/** Whether its writer holds it open. */
export function isOpen({ fd }: WorldFile): boolean {
  return fd >= 0
}

/** Its writer closes it, if that has not happened before. */
export function close(file: WorldFile): void {
  if (isOpen(file)) closeSync(file.fd)
  file.fd = -1
}

/** Whether its last record is unfinished. */
export function isTorn({ torn }: WorldFile): boolean {
  return torn !== undefined
}

/** A mark behind all that is in the file. */
export function readToEnd(file: WorldFile): Mark {
  const { records, payload, bytes } = file.written
  const used = bytes - (file.torn?.bytes ?? 0)
  return { known: true, records, payload, bytes, used, over: false }
}

/**
 * Whether an exporter that begins with this mark comes to all that is in the file, wherever the file is:
 * what nobody can find must have been read before.
 */
export function isSafe(file: WorldFile, mark: Mark): boolean {
  if (file.place === 'read' || file.place === 'cut' || mark.over) return true
  if (!mark.known) return false
  return file.place === 'aside' || isCovered(file, mark)
}

/** Whether everything in the file was read. */
export function isCovered(file: WorldFile, mark: Mark): boolean {
  return mark.known && file.torn === undefined && mark.bytes === file.written.bytes
}
