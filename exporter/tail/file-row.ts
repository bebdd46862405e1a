/** A tracked file as a row of the state. */
import { basename } from 'node:path'
import type { RowFields } from '../state/row.ts'
import type { FileSink } from './sink.ts'
import { READ_BYTES, type TrackedFile } from './tracked-file.ts'

/** Shows which file it is, where reading stands, and what its sink remembers. */
export function fileRow(
  file: TrackedFile,
  row: RowFields,
  open: (file: { readonly path: string; readonly name: string }) => FileSink,
): void {
  file.path = row.text(file.path)
  file.dev = row.big(file.dev)
  file.ino = row.big(file.ino)
  file.birthtimeNs = row.big(file.birthtimeNs)
  file.headLength = row.number(file.headLength)
  file.headHash = row.number(file.headHash)
  file.markerLength = row.number(file.markerLength)
  file.markerHash = row.number(file.markerHash)
  file.offset = row.number(file.offset)
  file.start = row.number(file.start)
  file.size = row.number(file.size)
  file.mtimeNs = row.number(file.mtimeNs)
  file.unverified = row.flag(file.unverified)
  file.grewAt = row.number(file.grewAt)
  file.forgotten = row.flag(file.forgotten)
  if (!row.flag(file.sink !== undefined)) return
  file.sink ??= open({ path: file.path, name: basename(file.path) })
  file.sink.state(row)
}

/** A file that was saved; if it is found changed it is verified before it is read on. */
export function savedFile(
  id: number,
  row: RowFields,
  open: (file: { readonly path: string; readonly name: string }) => FileSink,
): TrackedFile {
  const file: TrackedFile = {
    id,
    touched: false,
    path: '',
    dev: 0n,
    ino: 0n,
    birthtimeNs: 0n,
    headLength: 0,
    headHash: 0,
    markerLength: 0,
    markerHash: 0,
    offset: 0,
    start: 0,
    openPath: '',
    boundary: '',
    size: 0,
    mtimeNs: 0,
    offered: 0,
    readTo: 0,
    readSize: READ_BYTES,
    holeEnd: 0,
    unverified: false,
    grewAt: 0,
    behindSince: 0,
    failure: undefined,
    sweep: 0,
    gone: undefined,
    fd: -1,
    queued: false,
    forgotten: false,
    sink: undefined,
  }
  fileRow(file, row, open)
  file.offered = file.offset
  file.readTo = file.offset
  return file
}
