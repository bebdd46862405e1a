/** One question over HTTP/1.1 on a connection that is not used again. */
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import type { Socket } from 'node:net'
import { happening } from './happening.ts'
import type { Look } from './look.ts'
import { type Answer, HEADERS, type Question } from './question.ts'

/** Asks, and returns the answer when its header is there. */
export async function askHttp1(look: Look, socket: Socket, question: Question): Promise<Answer> {
  const { method, path, authority } = question
  const { answered } = await look.spend('processing', async () => {
    const asked = look.hold(
      request({
        method,
        path,
        headers: { host: authority, ...HEADERS },
        // Without an agent nothing outlives the question.
        createConnection: () => socket,
      }),
    )
    const answered = happening<[IncomingMessage]>(asked, 'response')
    asked.end()
    // Node.js tells when the header is complete; the first byte may be much earlier.
    await Promise.race([firstByte(asked, socket), answered])
    return { answered }
  })
  const [answer] = await answered
  return {
    status: answer.statusCode ?? 0,
    location: answer.headers.location,
    body: answer,
    missing: () => {
      // A body without a length ends with the connection: Node.js takes a reset for an end.
      const isWhole = answer.complete && socket.errored === null
      return isWhole ? undefined : 'the connection ended in the middle of the body'
    },
  }
}

/** Never rejects: an error is one of the answer. */
function firstByte(asked: ClientRequest, socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    // Not earlier: bytes that came while nobody read them would be lost.
    asked.once('socket', () => socket.once('data', () => resolve()))
  })
}
