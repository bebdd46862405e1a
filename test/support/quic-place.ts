/** Where the front doors of tests are: addresses as they are written, asked after by nobody. */
import { isIP } from 'node:net'
import type { QuicTarget } from '../../exporter/probers/prober.ts'
import type { QuicProbing } from '../../exporter/probers/quic/ladder.ts'

/** A literal address is its own; anything else is no name. */
export function literally(timeoutMs = 3000): QuicProbing {
  return {
    timeoutMs,
    resolve: async ({ host }) => {
      const family = isIP(host)
      if (family === 4 || family === 6) return [{ address: host, family }]
      throw Object.assign(new Error('no such name'), { failure: 'dns' })
    },
  }
}

/** A front door on loopback. */
export function frontDoor(port: number, changes: Partial<QuicTarget> = {}): QuicTarget {
  return {
    host: '127.0.0.1',
    port,
    family: 'any',
    serverName: 'localhost',
    alpn: ['h3'],
    version: 1,
    ...changes,
  }
}
