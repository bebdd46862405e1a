/** A file, gzipped beside itself: whole and on the disk, or not there at all. */
import { constants, lstatSync, renameSync } from 'node:fs'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import { syncDirectory } from '../state/inode.ts'

const READ_ONLY = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
const NEW = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL
const OWNER_ONLY = 0o600
const PERMISSIONS = 0o7777
const PIECE_BYTES = 64 * 1024

/** What has to be compressed, and whether it is still that. */
export interface Original {
  readonly path: string
  readonly dev: bigint
  readonly ino: bigint
  /** In bytes; what stands behind it is not compressed. */
  readonly size: number
  /** Asked in the turn in which the compressed file gets its name. */
  stands(): boolean
}

/** `made`: NAME.gz is there. `there`: it was, with the same contents. `changed`: the original is another. */
export type Compressed = 'made' | 'there' | 'changed'

/** NAME.gz is there and holds something else: it is not ours to replace. */
export class AnotherFileThere extends Error {}

/**
 * Writes NAME.gz with the permissions, the owner if allowed, and the time of NAME; it has its name
 * only when it is complete and on the disk. Rejects with a system error, with an AbortError or with
 * AnotherFileThere; then nothing of it is left.
 */
export async function compressFile(original: Original, signal: AbortSignal): Promise<Compressed> {
  const source = await open(original.path, READ_ONLY)
  try {
    const stats = await source.stat({ bigint: true })
    const { dev, ino, size } = original
    if (stats.dev !== dev || stats.ino !== ino || Number(stats.size) !== size) return 'changed'
    const compressed = `${original.path}.gz`
    // A process that was killed before it took the original away has left a NAME.gz of it.
    if (exists(compressed)) {
      if (await holds(compressed, source, size, signal)) return 'there'
      throw new AnotherFileThere('there is another file NAME.gz')
    }
    const part = `${compressed}.part`
    await rm(part, { force: true })
    try {
      await write(part, source, size, signal)
      if (!original.stands()) return 'changed'
      if (exists(compressed)) throw new AnotherFileThere('there is another file NAME.gz now')
      renameSync(part, compressed)
    } finally {
      await rm(part, { force: true })
    }
    await syncDirectory(dirname(compressed))
    return 'made'
  } finally {
    await source.close()
  }
}

function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined
}

async function write(
  path: string,
  source: FileHandle,
  size: number,
  signal: AbortSignal,
): Promise<void> {
  const target = await open(path, NEW, OWNER_ONLY)
  try {
    const take = (chunks: AsyncIterable<Buffer>) => target.writeFile(chunks)
    await pipeline(firstBytes(source, size), createGzip(), take, { signal })
    const { uid, gid, mode, atimeMs, mtimeMs } = await source.stat()
    // Only the superuser may give a file away; the permissions are set after that clears some.
    await target.chown(uid, gid).catch(() => {})
    await target.chmod(mode & PERMISSIONS)
    await target.utimes(atimeMs / 1000, mtimeMs / 1000)
    await target.sync()
  } finally {
    await target.close()
  }
}

/** Closing a handle waits for what is under way on it; closing the file under a stream does not. */
async function* firstBytes(file: FileHandle, size: number): AsyncGenerator<Buffer, void> {
  for (let at = 0; at < size; ) {
    const length = Math.min(PIECE_BYTES, size - at)
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(length), 0, length, at)
    if (bytesRead === 0) throw new Error(`ended after ${at} of ${size} bytes`)
    at += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}

/** Whether a compressed file holds exactly these bytes. */
async function holds(
  path: string,
  source: FileHandle,
  size: number,
  signal: AbortSignal,
): Promise<boolean> {
  if (!lstatSync(path).isFile()) return false
  const compressed = await open(path, READ_ONLY)
  let at = 0
  const compare = async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) {
      const own = await source.read(Buffer.alloc(chunk.length), 0, chunk.length, at)
      at += chunk.length
      if (own.bytesRead < chunk.length || !own.buffer.equals(chunk)) throw new Different()
    }
    if (at !== size) throw new Different()
  }
  try {
    const { size: length } = await compressed.stat()
    await pipeline(firstBytes(compressed, length), createGunzip(), compare, { signal })
    return true
  } catch (error) {
    const isGzip = !(error as NodeJS.ErrnoException).code?.startsWith('Z_')
    if (isGzip && !(error instanceof Different)) throw error
    return false
  } finally {
    await compressed.close()
  }
}

class Different extends Error {}
