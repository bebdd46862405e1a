import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Scope } from './scope.ts'

/** A directory that is removed at the end. */
export function temporaryDirectory(scope: Scope): string {
  const directory = mkdtempSync(join(tmpdir(), 'quic-lb-crash-'))
  scope.teardown(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}
