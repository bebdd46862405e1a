/** How a front door's name is resolved: as that of a backend, to the one address that is asked. */
import { isIP } from 'node:net'
import type { Resolve } from '../probers/quic/ladder.ts'
import { resolve } from '../probers/resolve.ts'
import { TOOLS } from '../probers/tools.ts'

export const resolveAll: Resolve = async (endpoint, signal) => {
  const address = await resolve(endpoint, signal, TOOLS.names)
  return [{ address, family: isIP(address) === 6 ? 6 : 4 }]
}
