/**
 * What Caddy's active health checker writes. Every failed check leaves a line, from the first one on; that
 * the backend is out leaves none, and only one that was out leaves "host is up". With `health_fails` above 1
 * (default: 1) a failed check may so have no end in the log. What ends it then is a request that Caddy sent
 * there later: it sends none to a backend that it holds for down (Caddy 2.11).
 */
import { isObject } from '../decoding/fields.ts'
import { fingerprint } from './fingerprint.ts'

/** Messages of `http.handlers.reverse_proxy.health_checker.active`, all with the key `host`. */
export const CHECK_FAILED: ReadonlySet<unknown> = new Set([
  'HTTP request failed',
  'unexpected status code',
  'status code out of tolerances',
  'failed to read response body',
  'response body failed expectations',
])
export const HOST_IS_UP = 'host is up'

/** Backends whose failed checks are remembered. */
const MOST_HOSTS = 256

/** The line is written just before the backend is taken out. */
const MARGIN_US = 10_000

/** Backends whose last word from the health checker was a failed check. */
export class FailedChecks {
  /** When the check failed, Unix µs, by fingerprint of the backend. */
  readonly #failedAt = new Map<string, number>()

  failed(host: string, at: number): void {
    const key = fingerprint(host)
    this.#failedAt.delete(key)
    this.#failedAt.set(key, at)
    const [oldest] = this.#failedAt.keys()
    if (this.#failedAt.size > MOST_HOSTS && oldest !== undefined) this.#failedAt.delete(oldest)
  }

  up(host: string): void {
    this.#failedAt.delete(fingerprint(host))
  }

  /** A request that came at `since` was sent there; whether that ends a failed check. */
  used(host: string, since: number): boolean {
    if (this.#failedAt.size === 0) return false
    const key = fingerprint(host)
    const failedAt = this.#failedAt.get(key)
    if (failedAt === undefined || since <= failedAt + MARGIN_US) return false
    return this.#failedAt.delete(key)
  }

  get state(): Readonly<Record<string, number>> | undefined {
    return this.#failedAt.size === 0 ? undefined : Object.fromEntries(this.#failedAt)
  }

  restore(state: unknown): void {
    if (!isObject(state)) return
    for (const [key, at] of Object.entries(state).slice(0, MOST_HOSTS)) {
      if (typeof at === 'number') this.#failedAt.set(key, at)
    }
  }
}
