/** One command on a socket in the file system that is closed after the answer. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { collected } from './question.ts'

/** Everything up to the end; throws a `PollError` or what Node throws. */
export async function socketAnswer(
  path: string,
  command: string,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const socket = connect({ path, signal })
  // Also after it was given up.
  socket.on('error', () => undefined)
  try {
    await once(socket, 'connect', { signal })
    socket.write(command)
    return await collected(socket)
  } finally {
    socket.destroy()
  }
}
