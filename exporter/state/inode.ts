/** Which file a name stands for, and making a name last. */
import { type BigIntStats, statSync } from 'node:fs'
import { open, stat } from 'node:fs/promises'

/** Device and inode. */
export interface Inode {
  readonly dev: bigint
  readonly ino: bigint
}

/** A file as it was when it was looked at; size in bytes. */
export interface SeenFile extends Inode {
  readonly size: bigint
}

/** The file behind a name, if there is one; rejects with a system error. */
export async function seen(path: string): Promise<SeenFile | undefined> {
  return stat(path, { bigint: true }).catch(noneIfAbsent)
}

/** The same, at once; throws a system error. */
export function seenSync(path: string): SeenFile | undefined {
  return statSync(path, { bigint: true, throwIfNoEntry: false })
}

/** Whether both are one file. */
export function isSame(a: Inode, b: Inode): boolean {
  return a.dev === b.dev && a.ino === b.ino
}

/** Waits until the names in a directory are on the disk; rejects with a system error. */
export async function syncDirectory(dir: string): Promise<void> {
  const handle = await open(dir, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function noneIfAbsent(error: NodeJS.ErrnoException): BigIntStats | undefined {
  if (error.code === 'ENOENT') return undefined
  throw error
}
