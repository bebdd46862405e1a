/** Lines of nginx's error log, and what the dialect makes of them. */
import { LogDecoder, type LogListener, logDialectNamed } from '../../qlog-parsers/index.ts'

/** What was heard, counted: events, and kinds of line as `line NAME`. */
export type Heard = Readonly<Record<string, number>>

/** The tail of every line that QUIC writes. */
export const BEHIND = ' while handling frames, client: 127.0.0.1, server: 127.0.0.1:9443'

/** A line; `second` of the day it was written in, `who` is `PROCESS*CONNECTION`. */
export function line(second: number, who: string, message: string, level = 'info'): string {
  const [process = '7', connection] = who.split('*')
  const of = (seconds: number) => String(Math.floor(seconds)).padStart(2, '0')
  const day = 22 + Math.floor(second / 86_400)
  const time = `${of((second / 3600) % 24)}:${of((second / 60) % 60)}:${of(second % 60)}`
  const number = connection === undefined ? '' : `*${connection} `
  return `2026/11/${of(day)} ${time} [${level}] ${process}#${process}: ${number}${message}`
}

/** The lines of a move as nginx writes them. */
export const migrated = (second: number, who: string, seq: number) =>
  line(second, who, `quic migrated to path seq:${seq} addr:10.0.0.1:4433${BEHIND}`)
export const validated = (second: number, who: string, seq: number) =>
  line(second, who, `quic path seq:${seq} addr:10.0.0.1:4433 successfully validated${BEHIND}`)
export const restored = (second: number, who: string, seq: number) =>
  line(second, who, `quic path seq:${seq} addr:10.0.0.1:4433 is restored from backup${BEHIND}`)
export const refused = (second: number, who: string) =>
  line(second, who, `quic no available client ids for new path${BEHIND}`)

/** A reader that can be fed, killed and asked. */
export class ErrorLogReader {
  readonly #heard = new Map<string, number>()
  readonly #named = new Map<string, Map<string, number>>()
  #decoder = this.#open()

  /** Lines, one by one. */
  feed(...lines: readonly (string | Buffer)[]): this {
    for (const one of lines) {
      const bytes = Buffer.from(one as string, 'latin1')
      this.#decoder.record(bytes, 0, bytes.length, true)
    }
    return this
  }

  /** Dies, and another goes on with what was saved. */
  killed(): this {
    const { state } = this.#decoder
    this.#decoder = this.#open()
    this.#decoder.resume(JSON.parse(JSON.stringify(state)))
    return this
  }

  silentFor(seconds: number): this {
    this.#decoder.settle(seconds * 1_000_000, false)
    return this
  }

  ended(): this {
    this.#decoder.settle(0, true)
    return this
  }

  get heard(): Heard {
    return Object.fromEntries([...this.#heard].sort())
  }

  /** How much would be saved. */
  get stateBytes(): number {
    return JSON.stringify(this.#decoder.state).length
  }

  /** What was heard but for the kinds of line. */
  get events(): Heard {
    return Object.fromEntries(
      Object.entries(this.heard).filter(([name]) => !name.startsWith('line ')),
    )
  }

  /** Events of connections, by their names in the log. */
  get byConnection(): Readonly<Record<string, Heard>> {
    return Object.fromEntries(
      [...this.#named].map(([name, all]) => [name, Object.fromEntries(all)]),
    )
  }

  #open(): LogDecoder {
    const dialect = logDialectNamed('nginx-error-log')
    if (dialect === undefined) throw new Error('no such dialect')
    const count = (name: string) => this.#heard.set(name, (this.#heard.get(name) ?? 0) + 1)
    const listener: LogListener = {
      log: (event) => count(`${event.type} ${'backend' in event ? event.backend : ''}`),
      quic: (connection, event) => {
        count(`quic ${event.type}`)
        const all = this.#named.get(connection) ?? new Map<string, number>()
        all.set(event.type, (all.get(event.type) ?? 0) + 1)
        this.#named.set(connection, all)
      },
      endpoint: (event) =>
        count(event.type === 'migration' && event.failed ? 'migration failed' : event.type),
      line: (outcome) =>
        count(`line ${'name' in outcome && outcome.name ? outcome.name : outcome.kind}`),
      became: (dialect) => count(`became ${dialect.variant}`),
    }
    return new LogDecoder(dialect, { fields: {} }, listener)
  }
}
