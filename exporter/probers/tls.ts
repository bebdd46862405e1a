/** A look at a TLS server: healthy if the handshake is completed, by both sides, with a certificate that is taken. */
import type { TLSSocket } from 'node:tls'
import { connect } from './connect.ts'
import { look } from './look.ts'
import type { Prober } from './prober.ts'
import { secure } from './secure.ts'
import type { BackendTarget } from './target.ts'
import type { Tools } from './tools.ts'

/** Shortest time that a server has to say that it does not take our certificate. */
const SHORTEST_MS = 50

/** The prober of a TLS server. */
export function tlsProber({ endpoint, tls }: BackendTarget<'tls'>, tools: Tools): Prober {
  return (signal, note) =>
    look(signal, note, async (look) => {
      const socket = await connect(look, endpoint, tools.names)
      const startedMs = performance.now()
      const secured = await secure(look, socket, { endpoint, tls, contexts: tools.contexts })
      const tookMs = performance.now() - startedMs
      if (secured.getProtocol() === 'TLSv1.3')
        await taken(secured, Math.max(SHORTEST_MS, tookMs * 2))
    })
}

/**
 * In TLS 1.3 the server speaks last: whether it wanted a client certificate is told when our side is done. Silence is
 * consent, and so is all that it says but an alert.
 */
function taken(socket: TLSSocket, patienceMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const patience = setTimeout(resolve, patienceMs)
    const done = () => {
      clearTimeout(patience)
      resolve()
    }
    socket.once('session', done).once('end', done).once('close', done)
    socket.once('data', done).once('error', (error) => {
      clearTimeout(patience)
      reject(error)
    })
    // Whoever has nothing more to say closes.
    socket.end()
  })
}
