import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { connectionClosed, header, packetBytes, packetReceived } from './records.ts'

/** What was written: what a counter in Prometheus must have grown by. */
export interface Book {
  /** Packets received. */
  packets: number
  /** Their bytes. */
  packetBytes: number
  /** Streams with an event behind their header, one connection each. */
  connections: number
  /** Connections that were closed. */
  closed: number
  /** Records of any kind, headers included. */
  records: number
  /** Size of it all. */
  bytes: number
}

const PACKETS_AT_ONCE = 2000

/** One stream under its current name. */
interface Log {
  readonly fd: number
  readonly begunAt: number
  /** What is due and was not written: the rest of a record that was cut. */
  held: string
  hasEvents: boolean
}

/** A proxy's side: writes numbered packets into one or more streams and keeps the book. */
export class Writer {
  readonly book: Book = {
    packets: 0,
    packetBytes: 0,
    connections: 0,
    closed: 0,
    records: 0,
    bytes: 0,
  }
  readonly #directory: string
  readonly #random: (below: number) => number
  #groups = 0
  readonly #logs = new Map<string, Log>()

  constructor(directory: string, random: (below: number) => number) {
    this.#directory = directory
    this.#random = random
  }

  /** The names of the streams that are open. */
  get names(): string[] {
    return [...this.#logs.keys()]
  }

  path(name: string): string {
    return join(this.#directory, name)
  }

  /** Begins a stream: a file of its own with the header of a new connection. */
  begin(name: string): void {
    const fd = openSync(this.path(name), 'ax')
    const log: Log = { fd, begunAt: Date.now(), held: '', hasEvents: false }
    this.#logs.set(name, log)
    const group = (this.#groups++).toString(16).padStart(16, 'c')
    this.book.records += 1
    this.#write(log, header(group, new Date(log.begunAt)), false)
  }

  /**
   * Appends packets. `cut`: the last may be left unfinished on disk, as writers leave it that write
   * in blocks; what follows finishes it.
   */
  append(name: string, packets: number, cut = false): void {
    const log = this.#log(name)
    const timeMs = Date.now() - log.begunAt
    let text = ''
    for (let i = 0; i < packets; i += 1) {
      text += packetReceived(this.book.packets, timeMs)
      this.book.packetBytes += packetBytes(this.book.packets)
      this.book.packets += 1
      this.#event(log)
    }
    this.#write(log, text, cut)
  }

  /** Appends a great many packets, and lets everything else of this process go on meanwhile. */
  async appendBacklog(name: string, packets: number): Promise<void> {
    for (let rest = packets; rest > 0; rest -= PACKETS_AT_ONCE) {
      this.append(name, Math.min(rest, PACKETS_AT_ONCE))
      await nextTurn()
    }
  }

  /** Writes what a cut has left. */
  flush(): void {
    for (const log of this.#logs.values()) this.#write(log, '', false)
  }

  /** Closes the connection of a stream and its file. */
  end(name: string): void {
    const log = this.#log(name)
    this.#event(log)
    this.book.closed += 1
    this.#write(log, connectionClosed(Date.now() - log.begunAt), false)
    closeSync(log.fd)
    this.#logs.delete(name)
  }

  /** Closes the file of a stream whose connection goes on for ever. */
  leave(name: string): void {
    this.#write(this.#log(name), '', false)
    closeSync(this.#log(name).fd)
    this.#logs.delete(name)
  }

  /** Gives the file of a stream another name; writing goes on if the stream is open. */
  rename(name: string, to: string): void {
    renameSync(this.path(name), this.path(to))
    const log = this.#logs.get(name)
    if (log === undefined) return
    this.#logs.delete(name)
    this.#logs.set(to, log)
  }

  /** Deletes a file. */
  remove(name: string): void {
    rmSync(this.path(name))
  }

  #log(name: string): Log {
    const log = this.#logs.get(name)
    if (log === undefined) throw new Error(`the writer has no stream ${name}`)
    return log
  }

  #event(log: Log): void {
    this.book.records += 1
    if (!log.hasEvents) this.book.connections += 1
    log.hasEvents = true
  }

  #write(log: Log, text: string, cut: boolean): void {
    const due = log.held + text
    const kept = cut && due !== '' ? this.#random(Math.min(due.length, 200)) : 0
    const length = due.length - kept
    log.held = due.slice(length)
    // The records are ASCII: as many bytes as characters.
    if (length > 0) writeSync(log.fd, due.slice(0, length))
    this.book.bytes += length
  }
}
