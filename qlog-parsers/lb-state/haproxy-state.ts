/** What HAProxy's two forms of its counters have in common: the samples that are read out of them. */

/** How HAProxy sees a server. */
export interface ServerState {
  /** `proxy/server`, as its log calls it. */
  readonly name: string
  /** DOWN and MAINT are not up; UP, DRAIN and NOLB are: they still serve the sessions that stick to them. */
  readonly up: boolean
  /** Without a health check a server is up because nobody looks. */
  readonly checked: boolean
  /** `HOST:PORT`; only the runtime socket tells it, and only to level operator. */
  readonly address?: string
}

/** One look at an HAProxy process. */
export interface HaproxyState {
  /** One of the dialect's `lines`. */
  readonly form: 'show_stat' | 'promex'
  /** Tells processes apart; undefined where it does not say. */
  readonly run: string | undefined
  readonly servers: readonly ServerState[]
  /** Sums over all frontends, by the names that HAProxy gives them; empty where it has no QUIC. */
  readonly quic: ReadonlyMap<string, number>
  /** Values that were there but not usable. */
  readonly rejectedValues: number
}

/** QUIC counters that become metrics. */
export const QUIC_COUNTERS = [
  'quic_sent_pkt',
  'quic_lost_pkt',
  'quic_retry_sent',
  'quic_stless_rst_sent',
  'quic_conn_migration_done',
  'quic_hdshk_fail',
] as const

/** What goes up and down, although its type says counter. */
export const QUIC_LEVEL = 'quic_half_open_conn'

/** All that is read. */
export const QUIC_NAMES = [...QUIC_COUNTERS, QUIC_LEVEL] as const

const UP_STATUS = /^(UP|DRAIN|NOLB|no check)\b/
const DOWN_STATUS = /^(DOWN|MAINT)\b/

/** The state of a server from its status in HAProxy's words; undefined for words that are not known. */
export function serverState(
  name: string,
  status: string,
  hasCheck: boolean,
): ServerState | undefined {
  const up = UP_STATUS.test(status)
  if (!up && !DOWN_STATUS.test(status)) return undefined
  return { name, up, checked: hasCheck }
}

/** A counter's value: a whole number that is exact; undefined for anything else. */
export function wholeNumber(written: string): number | undefined {
  const value = /^\d{1,16}(\.0+)?$/.test(written) ? Number(written) : Number.NaN
  return Number.isSafeInteger(value) ? value : undefined
}

/** Sums values by counter, and counts what is no number. A sum that is not exact is no number either. */
export class QuicSums {
  readonly sums = new Map<string, number>()
  rejected = 0
  readonly #bad = new Set<string>()

  add(counter: string, written: string): void {
    const value = wholeNumber(written)
    const sum = (this.sums.get(counter) ?? 0) + (value ?? 0)
    if (value === undefined || !Number.isSafeInteger(sum)) {
      this.rejected += 1
      // A sum without one of its parts would look like a restart.
      this.#bad.add(counter)
    }
    if (this.#bad.has(counter)) this.sums.delete(counter)
    else this.sums.set(counter, sum)
  }
}
