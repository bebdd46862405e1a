/**
 * HAProxy's counters, asked for on its runtime socket or read from its Prometheus page: which servers it
 * holds for up, and what only it counts of QUIC. Errors stay out, for only those that the client named are
 * counted.
 */
import type { Capabilities } from '../capabilities.ts'
import type { QuicEvent } from '../events.ts'
import type { LineOutput } from '../log-dialect.ts'
import { type Counts, rises } from './counts.ts'
import { parsePromex } from './haproxy-promex.ts'
import { isShowStat, parseShowStat } from './haproxy-show-stat.ts'
import { type HaproxyState, type QUIC_COUNTERS, QUIC_LEVEL } from './haproxy-state.ts'
import { nameHash } from './name-hash.ts'
import { type AnswerReader, polledDialect, textOf } from './polled-dialect.ts'

type Counter = (typeof QUIC_COUNTERS)[number]

/** What a counter's rise says. */
const EVENTS: Readonly<Record<Counter, (count: number, at: number) => QuicEvent>> = {
  quic_sent_pkt: (count, at) => ({ type: 'packets_sent', at, packetType: 'unknown', count }),
  quic_lost_pkt: (count, at) => ({ type: 'packets_lost', at, count, trigger: 'unknown' }),
  quic_retry_sent: (count, at) => ({ type: 'retry_sent', at, count }),
  quic_stless_rst_sent: (count, at) => ({ type: 'stateless_reset_sent', at, count }),
  quic_conn_migration_done: (count, at) => ({
    type: 'migration',
    at,
    kind: 'unknown',
    failed: false,
    count,
  }),
  quic_hdshk_fail: (count, at) => ({ type: 'handshakes_failed', at, count }),
}

/** Servers that are down and have no check are remembered up to this many. */
const MOST_DOWN = 10_000

interface Saved {
  readonly run?: string
  readonly values: Readonly<Record<string, number>>
  readonly down: readonly string[]
}

function answers(): AnswerReader {
  /** Undefined before the first answer: that only says where the counters stand. */
  let before: Counts | undefined
  /** Servers that were told to be down: when they are back, that is told even without a check. */
  let down: ReadonlySet<string> = new Set()
  return {
    read(body, at, out) {
      const state = stateOf(body)
      if (typeof state === 'string') return { kind: 'rejected', reason: state }
      down = tellServers(state, down, out)
      const { run, quic, rejectedValues } = state
      if (quic.size > 0) out.become(withQuic)
      const halfOpen = quic.get(QUIC_LEVEL)
      if (halfOpen !== undefined) out.endpoint({ type: 'half_open', at, count: halfOpen })
      const counters = new Map([...quic].filter(([name]) => name !== QUIC_LEVEL))
      const now = { run, values: counters }
      const risen = before === undefined ? [] : rises(before, now)
      for (const [name, rise] of risen) out.endpoint(EVENTS[name as Counter](rise, at))
      const isSameRun = run === before?.run
      before = { run, values: new Map([...(isSameRun ? (before?.values ?? []) : []), ...counters]) }
      return { kind: 'read', name: state.form, at: undefined, rejectedValues }
    },
    state(): Saved | undefined {
      if (before === undefined) return undefined
      const { run, values } = before
      const saved = { values: Object.fromEntries(values), down: [...down] }
      return run === undefined ? saved : { run, ...saved }
    },
    restore(state) {
      const { run, values, down: saved } = state as Saved
      before = { run, values: new Map(Object.entries(values)) }
      down = new Set(saved)
    },
  }
}

function stateOf(body: Uint8Array): HaproxyState | 'utf8' | 'truncated' | 'schema' {
  const text = textOf(body)
  if (text === undefined) return 'utf8'
  return isShowStat(text) ? parseShowStat(text) : parsePromex(text)
}

/**
 * Returns those that are down. They are told last: a backend that is known as several servers is up only if
 * all of them are.
 */
function tellServers(
  { servers }: HaproxyState,
  down: ReadonlySet<string>,
  out: LineOutput,
): ReadonlySet<string> {
  const downNow = new Set<string>()
  const upFirst = [...servers].sort((a, b) => Number(b.up) - Number(a.up))
  for (const { name, up, checked } of upFirst) {
    const hash = nameHash(name)
    if (!up && downNow.size < MOST_DOWN) downNow.add(hash)
    if (up && !checked && !down.has(hash)) continue
    out.emit({ type: 'backend_reported', backend: name, up })
  }
  return downNow
}

const capabilities: Capabilities = { reportedUp: true }

const shared = {
  name: 'haproxy-stats',
  producers: 'HAProxy, asked on its runtime socket (`show stat`) or its Prometheus page (promex)',
  advice:
    'a `stats socket` of level `user`; over HTTP the page needs HAProxy 3.0 or later to have QUIC on it',
  rules: { handshake: 'none', close: 'none', migration: 'counter' },
  lines: ['show_stat', 'promex'],
  answers,
  upstreams(body: Uint8Array) {
    const state = stateOf(body)
    if (typeof state === 'string') return undefined
    return state.servers.map(({ name, address = '' }) => ({ name, address }))
  },
} as const

/** With frontends that count QUIC. */
const withQuic = polledDialect({
  ...shared,
  variant: 'quic',
  capabilities: {
    ...capabilities,
    sentPackets: ['unknown'],
    loss: ['unknown'],
    migrationKinds: ['unknown'],
    retries: true,
    statelessResets: true,
    handshakeFailures: true,
    halfOpen: true,
  },
})

export const haproxyStats = polledDialect({
  ...shared,
  variants: [withQuic],
  capabilities,
})
