import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import type { Test } from 'tap'

const mounted = new Set<string>()
const unmountAll = () => {
  for (const path of mounted) unmount(path)
}
process.on('exit', unmountAll).on('SIGALRM', unmountAll)

/** Mounts a file system of its own on a new directory, until the test ends; needs root. */
export function mountTmpfs(t: Test, path: string, size = '64m'): void {
  mkdirSync(path)
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'qlog', path])
  if (status !== 0) throw new Error(`mount: ${stderr}`)
  mounted.add(path)
  t.teardown(() => unmount(path))
}

function unmount(path: string): void {
  // Lazily: the exporter may not have ended yet.
  if (mounted.delete(path)) spawnSync('umount', ['--lazy', path])
}
