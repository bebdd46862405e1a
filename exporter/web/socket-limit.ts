import type { Server } from 'node:http'
import type { Socket } from 'node:net'

/**
 * Keeps the sockets of all servers below one limit by closing the one that has been quiet
 * longest (half a request counts as quiet), so that many slow clients cannot lock out a scraper.
 */
export class SocketLimit {
  readonly #limit: number
  // Both in the order of their last change: the first is the one to close.
  readonly #quiet = new Set<Socket>()
  readonly #busy = new Map<Socket, number>()
  #closing = false

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Counts this server's sockets; call it before any other listener for its requests is set. */
  watch(server: Server): void {
    server.on('connection', (socket) => this.#opened(socket))
    server.on('request', (request, response) => {
      this.#asked(request.socket)
      response.once('close', () => this.#answered(request.socket))
    })
  }

  /** Closes every quiet socket now and every other one as soon as it is answered. */
  drain(): void {
    this.#closing = true
    for (const socket of this.#quiet) socket.destroy()
  }

  /** Closes every socket now. */
  destroyAll(): void {
    for (const socket of [...this.#quiet, ...this.#busy.keys()]) socket.destroy()
  }

  #opened(socket: Socket): void {
    if (this.#closing) {
      socket.destroy()
      return
    }
    if (this.#quiet.size + this.#busy.size >= this.#limit) this.#evict()
    this.#quiet.add(socket)
    socket.once('close', () => {
      this.#quiet.delete(socket)
      this.#busy.delete(socket)
    })
  }

  #evict(): void {
    const [oldest] = this.#quiet.size > 0 ? this.#quiet : this.#busy.keys()
    if (oldest === undefined) return
    // The close event comes later; by then more sockets may have been opened.
    this.#quiet.delete(oldest)
    this.#busy.delete(oldest)
    oldest.destroy()
  }

  #asked(socket: Socket): void {
    if (socket.destroyed) return
    this.#quiet.delete(socket)
    this.#busy.set(socket, (this.#busy.get(socket) ?? 0) + 1)
  }

  #answered(socket: Socket): void {
    const pending = this.#busy.get(socket)
    if (pending === undefined) return
    if (pending > 1) {
      this.#busy.set(socket, pending - 1)
      return
    }
    this.#busy.delete(socket)
    if (socket.destroyed) return
    this.#quiet.add(socket)
    if (this.#closing) socket.destroySoon()
  }
}
