import { execFileSync } from 'node:child_process'
import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryDirectory } from './directory.ts'
import type { Scope } from './scope.ts'

/** A file system of its own that is soon full. */
export interface SmallDisk {
  readonly directory: string
  /** Takes every byte that is left. */
  fill(): void
  /** Gives them back. */
  free(): void
}

const BLOCK = Buffer.alloc(4096, 'x')

/** Mounts a tmpfs; needs root. */
export function smallDisk(scope: Scope, kibibytes: number): SmallDisk {
  const directory = temporaryDirectory(scope)
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${kibibytes}k`, 'none', directory])
  scope.teardown(() => execFileSync('umount', ['--lazy', directory]))
  const filler = join(directory, 'filler')
  return {
    directory,
    fill: () => {
      const fd = openSync(filler, 'a')
      try {
        for (let i = 0; i * BLOCK.length < kibibytes * 1024; i += 1) writeSync(fd, BLOCK)
        throw new Error(`${directory} takes more than ${kibibytes} KiB`)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
      } finally {
        closeSync(fd)
      }
    },
    free: () => rmSync(filler),
  }
}

/** False if a tmpfs can be mounted here, else why not, also said out loud. */
export function skipWithoutMount(): string | false {
  if (process.getuid?.() === 0) return false
  const reason = 'NOT TESTED: a file system cannot be mounted; run as root'
  console.error(`\n######## ${reason}\n`)
  return reason
}
