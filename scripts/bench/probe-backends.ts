/** One process of `bench:probes`: so many backends, each on a port of its own; it tells its parent which. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, createServer as createSilent, type Server } from 'node:net'

const [healthy = 0, silent = 0] = process.argv.slice(2).map(Number)

const ports: number[] = []
const listen = async (server: Server) => {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  ports.push((server.address() as AddressInfo).port)
}
for (let i = 0; i < healthy; i += 1) {
  await listen(createServer((_request, response) => response.end('ok\n')))
}
for (let i = 0; i < silent; i += 1) {
  // Accepts, reads, and says nothing.
  await listen(createSilent((socket) => socket.on('error', () => undefined).resume()))
}
process.send?.(ports)
process.on('disconnect', () => process.exit())
