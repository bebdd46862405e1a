import type { Scope } from './scope.ts'
import type { Writer } from './writer.ts'

/** How a proxy writes while a test does something else. */
export interface Steadiness {
  readonly packetsPerSecond: number
  /** Streams to begin and to write side by side; those that are open already if not given. */
  readonly streams?: number
  /** Packets after which a stream is ended, renamed beside the others, and begun anew. */
  readonly rotateAfter?: number
}

const EVERY_MS = 20

/** Writes at a steady rate, however late its timer is, until it is stopped; then nothing is left cut. */
export class SteadyWriting {
  /** Names of files that were rotated: nothing will follow in them. */
  readonly ended: string[] = []
  readonly #writer: Writer
  readonly #steadiness: Steadiness
  readonly #written = new Map<string, number>()
  #timer: NodeJS.Timeout | undefined
  #wroteAt = 0
  #owed = 0
  #rotations = 0
  #turn = 0

  constructor(scope: Scope, writer: Writer, steadiness: Steadiness) {
    this.#writer = writer
    this.#steadiness = steadiness
    for (let i = 0; i < (steadiness.streams ?? 0); i += 1) writer.begin(`stream-${i}.sqlog`)
    this.resume()
    scope.teardown(() => clearInterval(this.#timer))
  }

  resume(): void {
    this.#wroteAt = performance.now()
    this.#timer = setInterval(() => this.#write(), EVERY_MS)
  }

  /** For a while nothing is written, and nothing left cut. */
  pause(): void {
    clearInterval(this.#timer)
    this.#writer.flush()
  }

  #write(): void {
    const now = performance.now()
    this.#owed += ((now - this.#wroteAt) / 1000) * this.#steadiness.packetsPerSecond
    this.#wroteAt = now
    const packets = Math.floor(this.#owed)
    const names = this.#writer.names
    const name = names[this.#turn++ % names.length]
    if (packets <= 0 || name === undefined) return
    this.#owed -= packets
    this.#writer.append(name, packets, true)
    const written = (this.#written.get(name) ?? 0) + packets
    this.#written.set(name, written)
    if (written >= (this.#steadiness.rotateAfter ?? Number.POSITIVE_INFINITY)) this.#rotate(name)
  }

  /** The ended stream keeps a name that the exporter reads, as loggers rotate beside the live file. */
  #rotate(name: string): void {
    const old = name.replace('.sqlog', `.${this.#rotations++}.sqlog`)
    this.#writer.end(name)
    this.#writer.rename(name, old)
    this.ended.push(old)
    this.#writer.begin(name)
    this.#written.set(name, 0)
  }
}
