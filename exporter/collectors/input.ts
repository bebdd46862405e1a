/** The exporter's own view of its inputs: bytes, records, events, what each source can tell. */
import {
  type Capabilities,
  CLOSE_RULES,
  type DialectRules,
  dialects,
  HANDSHAKE_RULES,
  logDialects,
  MIGRATION_RULES,
  REJECT_REASONS,
  type RecordOutcome,
} from '../../qlog-parsers/index.ts'
import type { MetricStore } from '../metrics/store.ts'
import { canGive, openFamilies, signalFamilies } from './presence.ts'

/** Why bytes were never read. */
export const LOST_REASONS = ['deleted', 'truncated', 'too_long', 'nul_hole', 'other'] as const
export type LostReason = (typeof LOST_REASONS)[number]

const bareNames = new Map<string, string>()

/** What a source's log was found to be. */
export interface FoundDialect {
  readonly name: string
  readonly capabilities: Capabilities
  readonly rules: DialectRules
}

/** Names of events and lines by dialect, without their namespace. */
const NAMES = new Map<string, readonly string[]>([
  ...dialects.map(
    ({ name, readers, unread }) => [name, [...readers.keys(), ...unread].map(bare)] as const,
  ),
  ...logDialects.map(({ name, lines }) => [name, lines] as const),
])

/** All of them: a closed set. */
const EVENT_NAMES = [...new Set([...NAMES.values()].flat())].sort()

/** What the composition tells about inputs; must be created after all other collectors. */
export interface InputMetrics {
  /** The source exists, whatever it will hold. */
  opened(source: number): void
  /** A file of the source was written in this dialect. */
  dialect(source: number, dialect: FoundDialect): void
  read(source: number, bytes: number): void
  lost(source: number, reason: LostReason, bytes: number): void
  record(source: number, outcome: RecordOutcome): void
  evicted(source: number): void
  /** So many more traces of the source are this exporter's own; 0: it can tell. */
  ownProbes(source: number, traces: number): void
}

export function inputMetrics(metrics: MetricStore): InputMetrics {
  const families = signalFamilies(metrics)
  const info = metrics.gauge({
    name: 'quic_exporter_source_info',
    help: 'Dialects that were found in a source, and by which rule each shows that a handshake is complete, a connection over, a client elsewhere.',
    labels: {
      dialect: [...NAMES.keys()],
      handshake: HANDSHAKE_RULES,
      close: CLOSE_RULES,
      migration: MIGRATION_RULES,
    },
  })
  const capability = metrics.gauge({
    name: 'quic_exporter_source_capability',
    help: 'Whether what writes this source can tell what a metric needs; 0: the metric is absent, not zero.',
    labels: { signal: families.map(({ spec }) => spec.name).sort() },
  })
  const read = metrics.counter({
    name: 'quic_exporter_read_bytes_total',
    help: 'Bytes read and used.',
    unit: 'bytes',
  })
  const lost = metrics.counter({
    name: 'quic_exporter_lost_bytes_total',
    help: 'Bytes that went away unread, or could not be used.',
    labels: { reason: LOST_REASONS },
    unit: 'bytes',
  })
  const records = metrics.counter({
    name: 'quic_exporter_records_total',
    help: 'Records found, those that failed included.',
  })
  const failed = metrics.counter({
    name: 'quic_exporter_records_failed_total',
    help: 'Records of which nothing was used, by reason.',
    labels: { reason: REJECT_REASONS },
  })
  const values = metrics.counter({
    name: 'quic_exporter_values_rejected_total',
    help: 'Values of otherwise good records that could not be used.',
  })
  const events = metrics.counter({
    name: 'quic_exporter_events_total',
    help: 'Events by name, those that nobody reads included.',
    labels: { event: EVENT_NAMES },
  })
  const unknown = metrics.counter({
    name: 'quic_exporter_events_unknown_total',
    help: 'Events that no dialect knows.',
  })
  const evicted = metrics.counter({
    name: 'quic_exporter_connections_evicted_total',
    help: 'Live connections given up to make room.',
  })
  const ownProbes = metrics.counter({
    name: 'quic_exporter_own_probe_traces_total',
    help: 'Traces that are left out: the connection was a QUIC probe of this exporter.',
  })
  /** Slots of `events` by source and name as written. */
  const eventSlots = new Map<number, Map<string, number>>()
  const countEvent = (source: number, name: string) => {
    const known = eventSlots.get(source)?.get(name)
    const slot = known ?? events.slot(source, bare(name))
    // At the series limit every attempt counts as one that found no room.
    if (slot < 0) return
    if (known === undefined) {
      eventSlots.set(source, new Map([...(eventSlots.get(source) ?? []), [name, slot]]))
    }
    events.slots.add(slot, 1)
  }
  const opened = [read, lost, records, failed, values, unknown, evicted]
  return {
    opened(source) {
      for (const family of opened) family.open(source)
    },
    dialect(source, { name, capabilities, rules }) {
      const { handshake, close, migration } = rules
      info.forEach((owner, labels, slot) => {
        // A file turned out to tell more: other rules took the place of these.
        if (owner === source && labels.dialect === name) info.slots.set(slot, 0)
      })
      info.slots.set(info.slotOf(source, [name, handshake, close, migration]), 1)
      for (const family of families) {
        const { name: signal } = family.spec
        if (canGive(family, capabilities)) capability.set(source, 1, signal)
        else capability.add(source, 0, signal)
      }
      openFamilies(metrics, source, capabilities)
      const names = NAMES.get(name)
      events.open(source, ({ event = '' }) => names?.includes(event) === true)
    },
    read(source, bytes) {
      read.add(source, bytes)
    },
    lost(source, reason, bytes) {
      lost.add(source, bytes, reason)
    },
    record(source, outcome) {
      records.add(source, 1)
      if (outcome.kind === 'rejected') failed.add(source, 1, outcome.reason)
      else if (outcome.kind === 'unknown') unknown.add(source, 1)
      else if (outcome.kind === 'read' || outcome.kind === 'unread') {
        countEvent(source, outcome.name)
        if (outcome.rejectedValues > 0) values.add(source, outcome.rejectedValues)
      }
    },
    evicted(source) {
      evicted.add(source, 1)
    },
    ownProbes(source, traces) {
      ownProbes.add(source, traces)
    },
  }
}

/** `recovery:metrics_updated` → `metrics_updated`; both spellings of the metrics event are one. */
function bare(name: string): string {
  let short = bareNames.get(name)
  if (short === undefined) {
    short = name.slice(name.indexOf(':') + 1).replace(/^recovery_metrics/, 'metrics')
    bareNames.set(name, short)
  }
  return short
}
