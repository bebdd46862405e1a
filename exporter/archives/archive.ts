/** A compressed file of a source, and what is saved of it. */
import { basename } from 'node:path'
import type { RowFields } from '../state/row.ts'
import type { FoundFile } from '../tail/find-file.ts'
import type { FileSink } from '../tail/sink.ts'

/**
 * `waiting`: there is something to read. `early`: it ends before its end; more is read when it has grown.
 * `over`: nothing more will be read of it unless it changes.
 */
export type Phase = 'waiting' | 'early' | 'over'
const PHASES: readonly Phase[] = ['waiting', 'early', 'over']

/** Opens what reads the uncompressed bytes of a file. */
export type OpenSink = (file: { readonly path: string; readonly name: string }) => FileSink

/** One compressed file, by its inode. All up to `sink` is saved. */
export interface Archive {
  /** Number of the archive in its source, for the state. */
  readonly id: number
  /** Whether what is saved of it changed since it was saved. */
  touched: boolean
  path: string
  dev: bigint
  ino: bigint
  birthtimeNs: bigint
  /** Bytes on the disk when it was looked at last. */
  size: number
  /** Last modification, rounded to what a number holds. */
  mtimeNs: number
  phase: Phase
  /** Bytes on the disk that were there before us: what they hold does not count. */
  history: number
  /** Uncompressed bytes that are used, and the CRC-32 of all of them. */
  position: number
  checksum: number
  /** Why it is not read was told and counted; again only when its size has changed. */
  told: boolean
  /** No path leads to it any more. */
  gone: boolean
  sink: FileSink | undefined

  /** What to open: `path`, with a symbolic link resolved. */
  openPath: string
  /** The real root that `openPath` must not leave. */
  boundary: string
  /** When it changed last, in ms. */
  changedAt: number
  /** Since when it could have been read, in ms; 0: it cannot yet. */
  dueSince: number
  /** End of the uncompressed bytes that the sink was offered. */
  offered: number
  /** Uncompressed bytes behind `position` that no sink could use yet. */
  rest: number
  /** Bytes on the disk that are decompressed, while it is being read. */
  taken: number
  /** How often it was read and ended too early. */
  tries: number
  /** Set after a failure to open or read it: when to try again, in ms. */
  retryAt: number
  /** Number of the sweep that saw it last, and of sweeps that did not since. */
  sweep: number
  missed: number
}

/** An archive that nothing is known of. */
export function newArchive(id: number): Archive {
  return {
    id,
    touched: true,
    path: '',
    dev: 0n,
    ino: 0n,
    birthtimeNs: 0n,
    size: 0,
    mtimeNs: 0,
    phase: 'waiting',
    history: 0,
    position: 0,
    checksum: 0,
    told: false,
    gone: false,
    sink: undefined,
    openPath: '',
    boundary: '',
    changedAt: 0,
    dueSince: 0,
    offered: 0,
    rest: 0,
    taken: 0,
    tries: 0,
    retryAt: 0,
    sweep: 0,
    missed: 0,
  }
}

/** Shows which archive it is, how far it is read, and what its sink remembers. */
export function archiveRow(archive: Archive, row: RowFields, open: OpenSink): void {
  archive.path = row.text(archive.path)
  archive.dev = row.big(archive.dev)
  archive.ino = row.big(archive.ino)
  archive.birthtimeNs = row.big(archive.birthtimeNs)
  archive.size = row.number(archive.size)
  archive.mtimeNs = row.number(archive.mtimeNs)
  archive.phase = row.choice(archive.phase, PHASES)
  archive.history = row.number(archive.history)
  archive.position = row.number(archive.position)
  archive.checksum = row.number(archive.checksum)
  archive.told = row.flag(archive.told)
  archive.gone = row.flag(archive.gone)
  if (!row.flag(archive.sink !== undefined)) return
  archive.sink ??= open({ path: archive.path, name: basename(archive.path) })
  archive.sink.state(row)
}

/** Takes over where the file is and what it looks like; true if it is not as it was. */
export function note(archive: Archive, { path, openPath, boundary, stats }: FoundFile): boolean {
  const size = Number(stats.size)
  const mtimeNs = Number(stats.mtimeNs)
  const { birthtimeNs } = stats
  const changed =
    archive.size !== size || archive.mtimeNs !== mtimeNs || archive.birthtimeNs !== birthtimeNs
  if (archive.size !== size) archive.told = false
  archive.touched ||= changed || archive.path !== path || archive.gone
  Object.assign(archive, { path, openPath, boundary, size, mtimeNs, birthtimeNs, gone: false })
  return changed
}
