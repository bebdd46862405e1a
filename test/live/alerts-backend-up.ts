/**
 * A stand-in for the exporter's own probes: a page that has `quic_lb_backend_up` and nothing else, until the
 * exporter gives it.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'

/** The page, and what it says of backend b1; b2 is always up. */
export interface BackendUp {
  readonly address: string
  set(up: boolean): void
}

/** Serves the page on a free port until the end of the test. */
export async function startBackendUp(t: Test): Promise<BackendUp> {
  let up = true
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/plain; version=0.0.4')
    response.end(`# HELP quic_lb_backend_up Whether our probe reaches a backend.
# TYPE quic_lb_backend_up gauge
quic_lb_backend_up{backend="b1"} ${up ? 1 : 0}
quic_lb_backend_up{backend="b2"} 1
`)
  })
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    set: (now) => {
      up = now
    },
  }
}
