/** The contract of a collector: it declares its metrics and says which events move them. */
import type { LogEvent } from '../../qlog-parsers/index.ts'
import type { Connection } from '../connections/connection.ts'
import type { ConnectionEvent, SourceEvent } from '../connections/derived.ts'
import type { MetricStore } from '../metrics/store.ts'
import type { BackendNames } from './backend-names.ts'

/** Whose event it is: the source at least. */
export interface Teller {
  /** Index of the source in the metric store. */
  readonly source: number
}

export type CollectorHandlers = {
  readonly [T in ConnectionEvent['type']]?: (
    event: Extract<ConnectionEvent, { type: T }>,
    connection: T extends SourceEvent['type'] ? Teller : Connection,
  ) => void
} & {
  readonly [T in LogEvent['type']]?: (event: Extract<LogEvent, { type: T }>, teller: Teller) => void
}

export type Collector = (metrics: MetricStore, backends: BackendNames) => CollectorHandlers

/** Hears of events of one type. */
export type Listener = (event: ConnectionEvent | LogEvent, teller: Connection | Teller) => void

/** Of all collectors, what asked for events of one type; told once, called for each event. */
export function combine(
  collectors: readonly Collector[],
  metrics: MetricStore,
  backends: BackendNames,
): (type: (ConnectionEvent | LogEvent)['type']) => readonly Listener[] {
  const byType = new Map<string, Listener[]>()
  for (const collector of collectors) {
    for (const [type, handler] of Object.entries(collector(metrics, backends))) {
      byType.set(type, [...(byType.get(type) ?? []), handler as Listener])
    }
  }
  return (type) => byType.get(type) ?? []
}
