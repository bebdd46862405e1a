import type { BigIntStats } from 'node:fs'
import { lstatSync, realpathSync } from 'node:fs'
import { reasonOf } from './file-errors.ts'
import type { FileErrorReason } from './sink.ts'

/** A regular file that may be read. */
export interface FoundFile {
  readonly type: 'file'
  readonly path: string
  /** `path` with a symbolic link resolved. */
  readonly openPath: string
  /** The real root that the file must not leave. */
  readonly boundary: string
  readonly stats: BigIntStats
}

/** What a path below a root turned out to be. */
export type Finding =
  | FoundFile
  | { readonly type: 'directory' }
  | { readonly type: 'gone' }
  | { readonly type: 'refused'; readonly reason: FileErrorReason }

const GONE: Finding = { type: 'gone' }
const DIRECTORY: Finding = { type: 'directory' }
const NOT_REGULAR: Finding = { type: 'refused', reason: 'not_regular' }
const OUTSIDE_ROOT: Finding = { type: 'refused', reason: 'outside_root' }

/** Whether the real path `path` is `boundary` or lies below it. */
export function isWithin(path: string, boundary: string): boolean {
  return boundary === '/' || path === boundary || path.startsWith(`${boundary}/`)
}

/**
 * Looks at a path below `boundary` without opening it. A symbolic link is followed if its target
 * lies within one of `boundaries`, all of them real paths.
 */
export function findFile(path: string, boundary: string, boundaries: readonly string[]): Finding {
  try {
    const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false })
    if (stats === undefined) return GONE
    if (stats.isFile()) return { type: 'file', path, openPath: path, boundary, stats }
    if (stats.isDirectory()) return DIRECTORY
    return stats.isSymbolicLink() ? followLink(path, boundaries) : NOT_REGULAR
  } catch (error) {
    const reason = reasonOf(error)
    return reason === 'gone' ? GONE : { type: 'refused', reason }
  }
}

function followLink(path: string, boundaries: readonly string[]): Finding {
  let openPath: string
  try {
    openPath = realpathSync(path)
  } catch (error) {
    const reason = reasonOf(error)
    // The link is there, its target is not.
    return reason === 'gone' ? NOT_REGULAR : { type: 'refused', reason }
  }
  const boundary = boundaries.find((candidate) => isWithin(openPath, candidate))
  if (boundary === undefined) return OUTSIDE_ROOT
  const stats = lstatSync(openPath, { bigint: true, throwIfNoEntry: false })
  if (stats === undefined) return GONE
  return stats.isFile() ? { type: 'file', path, openPath, boundary, stats } : NOT_REGULAR
}
