import { closeSync, openSync, renameSync, statSync, unlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Others that delete thousands of files meanwhile leave so many lower inodes free. */
const CANDIDATES = 5000

/**
 * Deletes a file and puts an empty one on the same inode in its place, as file systems that use
 * inode numbers again do by themselves. Others who create files at that moment may be faster: then
 * that file is gone, and the next of `paths` is tried. Returns how many are gone, which is the index
 * of the one that was replaced; throws if all are.
 */
export function replaceOnSameInode(paths: readonly string[]): number {
  const replaced = paths.findIndex(replaceOne)
  if (replaced < 0) throw new Error('no inode was used again: TMPDIR must be on ext4 or the like')
  return replaced
}

function replaceOne(path: string): boolean {
  const { ino } = statSync(path)
  const others: string[] = []
  unlinkSync(path)
  for (let i = 0; i < CANDIDATES; i++) {
    const candidate = join(dirname(path), `candidate-${i}`)
    closeSync(openSync(candidate, 'wx'))
    if (statSync(candidate).ino === ino) {
      renameSync(candidate, path)
      break
    }
    others.push(candidate)
  }
  for (const other of others) unlinkSync(other)
  return others.length < CANDIDATES
}
