/**
 * Caddy's admin API, `/reverse_proxy/upstreams`: how many tries at each upstream failed within its
 * `fail_duration` (passive health checks). It falls back as they grow old, so what fails while another
 * failure grows old between two looks is not seen. Active health checks are not in it.
 */
import { isObject } from '../decoding/fields.ts'
import { nameHash } from './name-hash.ts'
import { type AnswerReader, polledDialect, textOf } from './polled-dialect.ts'

/** Upstreams in one answer. */
const MOST_UPSTREAMS = 10_000

interface CountedUpstream {
  readonly address: string
  readonly fails: number
}

function answers(): AnswerReader {
  /** Failures in force by upstream, none left out; undefined before the first answer. */
  let before: ReadonlyMap<string, number> | undefined
  return {
    read(body, _at, out) {
      const upstreams = upstreamsOf(body)
      if (typeof upstreams === 'string') return { kind: 'rejected', reason: upstreams }
      const now = new Map<string, number>()
      for (const { address, fails } of upstreams) {
        const hash = nameHash(address)
        const rise = fails - (before?.get(hash) ?? 0)
        if (fails > 0) now.set(hash, fails)
        if (before === undefined || rise <= 0) continue
        out.emit({ type: 'breaker_failure', backend: address, count: rise })
      }
      before = now
      return { kind: 'read', name: 'upstreams', at: undefined }
    },
    state: () => (before === undefined ? undefined : [...before]),
    restore(state) {
      before = new Map(state as readonly (readonly [string, number])[])
    },
  }
}

function upstreamsOf(body: Uint8Array): readonly CountedUpstream[] | 'utf8' | 'json' | 'schema' {
  const text = textOf(body)
  if (text === undefined) return 'utf8'
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return 'json'
  }
  // Without any reverse_proxy Caddy says null.
  const list = parsed ?? []
  if (!Array.isArray(list) || list.length > MOST_UPSTREAMS || !list.every(isUpstream))
    return 'schema'
  const isUnique = new Set(list.map(({ address }) => address)).size === list.length
  return isUnique ? list : 'schema'
}

function isUpstream(value: unknown): value is CountedUpstream {
  if (!isObject(value)) return false
  const { address, fails } = value
  return typeof address === 'string' && Number.isSafeInteger(fails) && Number(fails) >= 0
}

export const caddyAdmin = polledDialect({
  name: 'caddy-admin',
  producers: 'Caddy 2, asked on its admin API (`/reverse_proxy/upstreams`)',
  advice: '`fail_duration` of `reverse_proxy` switches counting on; ask more often than it lasts',
  capabilities: { breakerFailures: true },
  rules: { handshake: 'none', close: 'none', migration: 'none' },
  lines: ['upstreams'],
  answers,
  upstreams(body) {
    const upstreams = upstreamsOf(body)
    if (typeof upstreams === 'string') return undefined
    return upstreams.map(({ address }) => ({ name: address, address }))
  },
})
