import type { BigIntStats, Dir } from 'node:fs'
import { opendirSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { reasonOf } from './file-errors.ts'
import type { Finding, FoundFile } from './find-file.ts'
import { findFile, isWithin } from './find-file.ts'
import type { FileErrorReason } from './sink.ts'

const ENTRIES_PER_STEP = 128

/** One configured directory or single file, and what the last look at it showed. */
export interface Root {
  readonly path: string
  /** Real path when it was seen last; undefined while it is absent. */
  real: string | undefined
  isDirectory: boolean
  /** Whether the last scan succeeded. */
  up: boolean
  /** Whether the root has been scanned, or was found absent, at least once. */
  known: boolean
}

/** Who is told what a scan finds. */
export interface Visitor {
  file(found: FoundFile, root: Root): void
  /** A directory that is scanned, or that holds a single file, with what identifies it. */
  directory(path: string, stats: BigIntStats): void
  /** A path that is meant but cannot or must not be read. */
  refused(reason: FileErrorReason, path: string): void
}

/** Which files of a root are meant. */
export interface Selection {
  readonly recursive: boolean
  readonly matches: (name: string) => boolean
}

interface Scan extends Selection {
  readonly root: Root
  readonly top: string
  readonly boundaries: readonly string[]
  readonly visitor: Visitor
  /** Directories still to be listed. */
  readonly pending: string[]
}

/** A root that was not looked at yet. */
export function makeRoot(path: string): Root {
  return { path, real: undefined, isDirectory: true, up: false, known: false }
}

/** The real paths that no file may leave. */
export function boundariesOf(roots: readonly Root[]): readonly string[] {
  return roots.flatMap(({ real }) => real ?? [])
}

/**
 * Scans all roots once. Each step is short, so that a huge directory is spread over many turns. The
 * listing of a directory that changes meanwhile may leave names out or show them twice.
 */
export function* scanRoots(
  roots: readonly Root[],
  selection: Selection,
  visitor: Visitor,
): Generator<void, void> {
  for (const root of roots) {
    root.up = false
    const top = lookAtRoot(root, visitor)
    if (top === undefined) continue
    const boundaries = boundariesOf(roots)
    if (root.isDirectory) {
      yield* scanTree({ ...selection, root, top, boundaries, visitor, pending: [top] })
    } else {
      for (const path of new Set([top, root.path])) showDirectory(dirname(path), visitor)
      root.up = report(findFile(top, top, boundaries), top, root, visitor)
    }
    root.known ||= root.up
    yield
  }
}

/** What a path is that a scan of the roots would have looked at; undefined for any other. */
export function findBelow(
  path: string,
  roots: readonly Root[],
  selection: Selection,
): { readonly root: Root; readonly finding: Finding } | undefined {
  const root = roots.find((candidate) => covers(candidate, path, selection.recursive))
  if (root?.real === undefined) return undefined
  const meant = !root.isDirectory || selection.matches(basename(path))
  if (!meant && !selection.recursive) return undefined
  const finding = findFile(path, root.real, boundariesOf(roots))
  return meant || finding.type === 'directory' ? { root, finding } : undefined
}

function covers({ real, isDirectory }: Root, path: string, recursive: boolean): boolean {
  if (real === undefined || !isDirectory) return real === path
  return recursive ? isWithin(path, real) : dirname(path) === real
}

function lookAtRoot(root: Root, visitor: Visitor): string | undefined {
  try {
    const stats = statSync(root.path, { throwIfNoEntry: false })
    if (stats !== undefined) {
      root.real = realpathSync(root.path)
      root.isDirectory = stats.isDirectory()
      return root.real
    }
    root.real = undefined
    root.known = true
  } catch (error) {
    const reason = reasonOf(error)
    if (reason !== 'gone') visitor.refused(reason, root.path)
  }
  return undefined
}

function* scanTree(scan: Scan): Generator<void, void> {
  const { root, top, pending } = scan
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    const listed = yield* scanDirectory(path, scan)
    if (path === top) root.up = listed
  }
}

function* scanDirectory(path: string, scan: Scan): Generator<void, boolean> {
  const handle = showDirectory(path, scan.visitor) ? openDirectory(path, scan.visitor) : undefined
  if (handle === undefined) return false
  const prefix = path === '/' ? path : `${path}/`
  try {
    let entries = 0
    for (let entry = handle.readSync(); entry !== null; entry = handle.readSync()) {
      const entryPath = prefix + entry.name
      if (scan.matches(entry.name)) {
        report(findFile(entryPath, scan.top, scan.boundaries), entryPath, scan.root, scan.visitor)
      } else if (scan.recursive && entry.isDirectory()) {
        scan.pending.push(entryPath)
      }
      if (++entries % ENTRIES_PER_STEP === 0) yield
    }
    return true
  } catch (error) {
    refuse(error, path, scan.visitor)
    return false
  } finally {
    handle.closeSync()
  }
}

function showDirectory(path: string, visitor: Visitor): boolean {
  try {
    visitor.directory(path, statSync(path, { bigint: true }))
    return true
  } catch (error) {
    refuse(error, path, visitor)
    return false
  }
}

function openDirectory(path: string, visitor: Visitor): Dir | undefined {
  try {
    return opendirSync(path, { bufferSize: ENTRIES_PER_STEP })
  } catch (error) {
    refuse(error, path, visitor)
    return undefined
  }
}

function refuse(error: unknown, path: string, visitor: Visitor): void {
  const reason = reasonOf(error)
  if (reason !== 'gone') visitor.refused(reason, path)
}

/** Passes a finding on; false if there is no file to read. */
function report(finding: Finding, path: string, root: Root, visitor: Visitor): boolean {
  if (finding.type === 'file') visitor.file(finding, root)
  else if (finding.type === 'refused') visitor.refused(finding.reason, path)
  else if (finding.type === 'directory') visitor.refused('not_regular', path)
  return finding.type === 'file'
}
