/** A directory for the state, with those above it. */
import { existsSync, mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Makes a directory, and those above it, if there are none; throws a system error if that cannot be done. Not
 * Node's own way with `recursive`: below /proc, where nothing can be made, that never ends.
 */
export function makeDirectory(dir: string): void {
  if (isDirectory(dir)) return
  const parent = dirname(dir)
  if (!existsSync(parent)) makeDirectory(parent)
  try {
    mkdirSync(dir, { mode: 0o700 })
  } catch (error) {
    // Another process may have been faster.
    if (!isDirectory(dir)) throw error
  }
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
  } catch {
    // What is made next says why.
    return false
  }
}
