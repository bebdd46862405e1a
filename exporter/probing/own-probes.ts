/**
 * How the exporter finds its own QUIC probes in the logs of a balancer: the connection ID that a probe asks for
 * first carries a mark that only its key can make. Who logs a connection names it by that ID, as a rule; after a
 * Retry some name it by the ID that the Retry gave, which nobody can mark, so that those are remembered.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { ProbeIds } from '../probers/quic/front-door.ts'

const KEY_BYTES = 32
/** Both halves of a marked ID (RFC 9000 §7.2: 8 bytes at least, 20 at most). */
const RANDOM_BYTES = 8
const MARK_BYTES = 8
/** As the producers of qlog write a marked ID. */
const MARKED = /^[0-9a-f]{32}$/
/** A shorter one may be that of others too (RFC 9000 §7.2 asks as much of a client's). */
const SHORTEST_RETRY_BYTES = 8
/** At one probe in 15 seconds those of two hours. */
const MOST_RETRY_IDS = 512

/** The key and the IDs of Retries, as data that survives JSON; hexadecimal. */
export interface SavedOwnProbes {
  readonly key: string
  readonly retryIds: readonly string[]
}

/** What makes the IDs of this exporter's probes, and knows them again. */
export class OwnProbes implements ProbeIds {
  #key = randomBytes(KEY_BYTES)
  /** The oldest first. */
  readonly #retryIds = new Set<string>()
  #isUsed = false

  /** Whether this process has made any. */
  get isUsed(): boolean {
    return this.#isUsed
  }

  /** A new ID for the first packet of a probe. */
  first(): Buffer {
    this.#isUsed = true
    const random = randomBytes(RANDOM_BYTES)
    return Buffer.concat([random, this.#mark(random)])
  }

  /** A server answered a probe with a Retry, and gave it this ID. */
  retried(id: Uint8Array): void {
    if (id.length < SHORTEST_RETRY_BYTES) return
    this.#retryIds.add(Buffer.from(id).toString('hex'))
    for (const oldest of this.#retryIds) {
      if (this.#retryIds.size <= MOST_RETRY_IDS) break
      this.#retryIds.delete(oldest)
    }
  }

  /** Whether a connection that is logged by this ID was a probe of ours; hexadecimal. */
  readonly isOwn = (id: string): boolean => {
    if (this.#retryIds.has(id)) return true
    if (!MARKED.test(id)) return false
    const bytes = Buffer.from(id, 'hex')
    const random = bytes.subarray(0, RANDOM_BYTES)
    return timingSafeEqual(this.#mark(random), bytes.subarray(RANDOM_BYTES))
  }

  /** What is to be saved; nothing of it may be shown. */
  saved(): SavedOwnProbes {
    return { key: this.#key.toString('hex'), retryIds: [...this.#retryIds] }
  }

  /** Knows the probes of an earlier process too; before the first of this one. */
  restore({ key, retryIds }: SavedOwnProbes): void {
    const bytes = Buffer.from(key, 'hex')
    if (bytes.length === KEY_BYTES) this.#key = bytes
    for (const id of retryIds.slice(-MOST_RETRY_IDS)) this.#retryIds.add(id)
  }

  #mark(random: Uint8Array): Buffer {
    return createHmac('sha256', this.#key).update(random).digest().subarray(0, MARK_BYTES)
  }
}
