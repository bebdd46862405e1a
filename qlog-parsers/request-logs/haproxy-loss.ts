/**
 * What HAProxy's `fc_lost` says of packets to QUIC clients: the running total of the connection, at the end
 * of each of its requests. Only its rise counts.
 */
import { MOST_LOST } from '../decoding/bounds.ts'
import type { Fields, JsonObject } from '../decoding/fields.ts'
import { fingerprint } from './fingerprint.ts'

/** Connections with losses whose total is remembered; those without losses need no place. */
const MOST_CONNECTIONS = 4096

/** The most that is believed of one connection. */
const MOST_TOTAL = 2 ** 32

/** Totals by connection, for logs that do not tell the total before. */
export class LostTotals {
  /** Totals above 0 by fingerprint of the client's address and port, those used last at the end. */
  readonly #totals = new Map<string, number>()

  /**
   * Packets lost since the connection's last line; undefined where the line does not say. Where it tells the
   * total at the line before (`fc_lost_before`), nothing needs to be remembered.
   */
  rise(line: JsonObject, tellsBefore: boolean, fields: Fields): number | undefined {
    const total = fields.count(line, 'fc_lost', MOST_TOTAL)
    const isNamed = tellsBefore || (line.ci !== undefined && line.cp !== undefined)
    if (total === undefined || !isNamed) return undefined
    const before = tellsBefore
      ? (fields.count(line, 'fc_lost_before', MOST_TOTAL) ?? 0)
      : this.#replace(fingerprint(`${line.ci} ${line.cp}`), total)
    // A total that fell belongs to another connection, which has the same port.
    const rise = before > total ? total : total - before
    return fields.count({ rise }, 'rise', MOST_LOST)
  }

  /** Remembers a total; returns the one before. */
  #replace(key: string, total: number): number {
    const before = this.#totals.get(key) ?? 0
    this.#totals.delete(key)
    if (total > 0) this.#totals.set(key, total)
    const [oldest] = this.#totals.keys()
    if (this.#totals.size > MOST_CONNECTIONS && oldest !== undefined) this.#totals.delete(oldest)
    return before
  }

  get state(): readonly (readonly [string, number])[] | undefined {
    return this.#totals.size === 0 ? undefined : [...this.#totals]
  }

  restore(state: unknown): void {
    if (!Array.isArray(state)) return
    for (const entry of state.slice(-MOST_CONNECTIONS)) {
      const [key, total] = Array.isArray(entry) ? entry : []
      if (typeof key === 'string' && typeof total === 'number') this.#totals.set(key, total)
    }
  }
}
