import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Scope } from './scope.ts'

/** What stands between a scraper and its target and loses answers. */
export interface ForgetfulProxy {
  readonly address: string
  /** Whole answers that were taken from the target and given to nobody. */
  readonly dropped: number
}

/**
 * Passes scrapes on. It reads each answer to the end, but every `nth` good one it drops, and hangs up:
 * the target has answered, the scraper has nothing.
 */
export async function startForgetfulProxy(
  scope: Scope,
  target: string,
  nth: number,
): Promise<ForgetfulProxy> {
  let answered = 0
  let dropped = 0
  const server = createServer(async (request, response) => {
    try {
      const answer = await fetch(`http://${target}${request.url}`)
      const body = Buffer.from(await answer.arrayBuffer())
      if (answer.ok) answered += 1
      if (answer.ok && answered % nth === 0) {
        dropped += 1
        request.socket.destroy()
        return
      }
      const type = answer.headers.get('content-type') ?? 'text/plain'
      response.writeHead(answer.status, { 'content-type': type }).end(body)
    } catch {
      request.socket.destroy()
    }
  })
  scope.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  return {
    address: `127.0.0.1:${port}`,
    get dropped() {
      return dropped
    },
  }
}
