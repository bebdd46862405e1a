import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmdirSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'

/** A real file system of a few kilobytes that can be filled to its end. */
export interface SmallDisk {
  readonly dir: string
  fill(): void
  empty(): void
}

/** Why none can be mounted here, if so. */
export const noSmallDisk =
  process.platform !== 'linux' || process.getuid?.() !== 0
    ? 'NOT TESTED: mounting a tmpfs takes Linux and root'
    : false

/** Mounts a tmpfs, and takes it away with the test. */
export function smallDisk(t: Test, size: string): SmallDisk {
  const dir = mkdtempSync(join(tmpdir(), 'small-disk-'))
  run('mount', '-t', 'tmpfs', '-o', `size=${size},mode=0700`, 'tmpfs', dir)
  t.teardown(() => {
    // Lazily: a test that failed may have left files open.
    run('umount', '--lazy', dir)
    rmdirSync(dir)
  })
  const ballast = join(dir, 'ballast')
  return { dir, fill: () => fill(ballast), empty: () => rmSync(ballast, { force: true }) }
}

function fill(path: string): void {
  const fd = openSync(path, 'a')
  try {
    for (;;) writeSync(fd, Buffer.alloc(1024))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  } finally {
    closeSync(fd)
  }
}

function run(command: string, ...args: string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`)
}
