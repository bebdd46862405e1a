/** Files read to their end, in order of their names; what is open then expires at once. */
import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { feedArchive } from './archives/feed-archive.ts'
import { compressionOf, uncompressedName } from './compressed-name.ts'
import type { FileSink } from './tail/sink.ts'

/** Smallest buffer; it grows for longer records. */
const CHUNK = 1 << 20

/** A path that cannot be read, in words for the caller. */
export class PathError extends Error {
  readonly code = 'PATH'
}

/**
 * Files that a path names: itself, or what lies below a directory; of qlog, what is named like it. A
 * compressed file beside what it was made of is left out.
 */
export function filesOf(path: string, isQlog = true): string[] {
  const stats = statSync(path)
  if (stats.isFile()) return [path]
  // A FIFO or a device would never end.
  if (!stats.isDirectory()) throw new PathError(`${path} is neither a file nor a directory`)
  const files = readdirSync(path, { withFileTypes: true, recursive: true })
    .filter(
      (entry) => entry.isFile() && (!isQlog || /\.s?qlog$/.test(uncompressedName(entry.name))),
    )
    .map((entry) => join(entry.parentPath, entry.name))
    .sort((a, b) => order(a.slice(path.length), b.slice(path.length)))
  const all = new Set(files)
  const isTwin = (file: string) =>
    uncompressedName(file) !== file && all.has(uncompressedName(file))
  if (files.length === 0) process.stderr.write(`no .sqlog or .qlog file below ${path}\n`)
  return files.filter((file) => !isTwin(file))
}

/** Feeds one file to its end. */
export function replayFile(path: string, sink: Pick<FileSink, 'feed' | 'closed'>): void {
  for (const _ of feedInPieces(path, sink));
  sink.closed()
}

/**
 * Feeds one file piece by piece, compressed or not; the caller may pause in between. `unread` is told of the bytes
 * on the disk behind the last good one, if not all of a compressed file is read.
 */
export async function* feedFile(
  path: string,
  sink: Pick<FileSink, 'feed'>,
  unread: (bytes: number) => void = () => {},
): AsyncGenerator<void, void> {
  const compression = compressionOf(basename(path))
  if (compression === undefined) {
    yield* feedInPieces(path, sink)
    return
  }
  yield* feedArchive(path, compression, sink, (why, bytes) => {
    process.stderr.write(`${path} is not read to its end: ${why}\n`)
    unread(bytes)
  })
}

/** Feeds one plain file piece by piece; the caller may pause in between. */
export function* feedInPieces(path: string, sink: Pick<FileSink, 'feed'>): Generator<void> {
  const file = openSync(path, 'r')
  try {
    let buffer = Buffer.allocUnsafe(CHUNK)
    let held = 0
    for (;;) {
      const got = readSync(file, buffer, held, buffer.length - held, null)
      held += got
      const used = sink.feed(buffer.subarray(0, held), got === 0)
      yield
      if (got === 0) return
      buffer.copyWithin(0, used, held)
      held -= used
      if (held === buffer.length) {
        const larger = Buffer.allocUnsafe(buffer.length * 2)
        buffer.copy(larger, 0, 0, held)
        buffer = larger
      }
    }
  } finally {
    closeSync(file)
  }
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
