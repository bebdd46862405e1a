import { basename } from 'node:path'
import { compressionOf } from '../compressed-name.ts'
import type { FoundFile } from './find-file.ts'
import { nameMatcher } from './wildcard.ts'

/** Takes the compressed files that the tailer finds: they cannot be followed. */
export interface CompressedTaker {
  /** A round of discovery begins. */
  beginSweep(): void
  /** A file was found. `wasThere`: its root is looked at for the first time. */
  sighted(found: FoundFile, wasThere: boolean): void
  /** The round has ended: all files that are there were sighted. */
  endSweep(): void
}

/** Whether a path names a compressed file. */
export function isCompressed(path: string): boolean {
  return compressionOf(basename(path)) !== undefined
}

/**
 * A test of file names against patterns. Only a pattern that itself ends like a compressed file fits one:
 * `*` does not ask for what a rotation has compressed.
 */
export function selector(patterns: readonly string[]): (name: string) => boolean {
  const plain = nameMatcher(patterns)
  const compressed = nameMatcher(patterns.filter(isCompressed))
  return (name) => (isCompressed(name) ? compressed(name) : plain(name))
}
