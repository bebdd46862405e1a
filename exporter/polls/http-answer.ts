/** One GET over HTTP/1.1, on TCP or on a socket in the file system. Redirects are not followed. */
import { once } from 'node:events'
import { type IncomingMessage, type RequestOptions, request } from 'node:http'
import { collected, PollError } from './question.ts'

/** The body of a 200; throws a `PollError` or what Node throws. */
export async function httpAnswer(
  options: RequestOptions,
  signal: AbortSignal,
): Promise<Uint8Array> {
  // No agent: nothing is held open between two questions.
  const asked = request({ ...options, method: 'GET', agent: false, signal })
  // Also of an answer that is given up: whoever waits for the answer hears of it there.
  asked.on('error', () => undefined)
  try {
    asked.end()
    const [answer] = (await once(asked, 'response')) as [IncomingMessage]
    const { statusCode = 0 } = answer
    if (statusCode >= 300 && statusCode < 400) throw new PollError('redirect')
    if (statusCode !== 200) throw new PollError('status')
    return await collected(answer)
  } finally {
    asked.destroy()
  }
}
