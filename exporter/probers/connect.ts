/** Connects to the address that a name was resolved to; the name is not asked for again. */
import { connect as connectSocket, type Socket } from 'node:net'
import { happening } from './happening.ts'
import type { Look } from './look.ts'
import type { NameFiles } from './name-files.ts'
import type { Endpoint } from './prober.ts'
import { resolve } from './resolve.ts'

/** A connection to the backend; the address that was checked is the one connected to. */
export async function connect(look: Look, endpoint: Endpoint, names: NameFiles): Promise<Socket> {
  const address = await look.spend('resolve', () => resolve(endpoint, look.signal, names))
  look.note(`${endpoint.host} is ${address}`)
  look.address = address
  return connectTo(look, address, endpoint.port)
}

/** A connection to an address that is known already. */
export function connectTo(look: Look, address: string, port: number): Promise<Socket> {
  return look.spend('connect', async () => {
    const options = { host: address, port, autoSelectFamily: false, noDelay: true }
    const socket = look.hold(connectSocket(options))
    await happening(socket, 'connect')
    look.note(`connected to ${address} port ${port}`)
    return socket
  })
}
