/**
 * One writer for each state directory. The lock is an abstract unix socket: the kernel releases it
 * with the process, also at kill -9. It is named after device and inode of the directory, so two
 * spellings of one directory collide. It is seen within one network namespace only; a writer in
 * another one is found out by StateFile, which compares inode and size before it writes.
 */
import { stat } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { makeDirectory } from './make-directory.ts'

/** Whether this process is the one that may write. */
export type StateLock =
  | { readonly type: 'locked'; readonly release: () => Promise<void> }
  | { readonly type: 'taken' }

/**
 * Locks a directory, and makes it if there is none. Rejects with a system error if that cannot be
 * done. Where there are no abstract sockets (outside Linux) it locks nothing and says `locked`.
 */
export async function lockState(dir: string): Promise<StateLock> {
  makeDirectory(dir)
  if (process.platform !== 'linux') return { type: 'locked', release: async () => {} }
  const { dev, ino } = await stat(dir, { bigint: true })
  const server = createServer((socket) => socket.destroy())
  try {
    await listen(server, `\0quic-lb-exporter-${dev}-${ino}`)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return { type: 'taken' }
    throw error
  }
  server.unref()
  return { type: 'locked', release: () => close(server) }
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    // Kept for good: a fault in accepting a connection later must not end the process.
    server.on('error', reject)
    server.listen({ path, exclusive: true }, resolve)
  })
}

function close(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error === undefined ? resolve() : reject(error)))
  })
}
