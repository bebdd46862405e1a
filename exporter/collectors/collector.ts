/** The contract of a collector: it declares its metrics and says which events move them. */
import type { Connection } from '../connections/connection.ts'
import type { ConnectionEvent } from '../connections/derived.ts'
import type { ConnectionListener } from '../connections/table.ts'
import type { MetricStore } from '../metrics/store.ts'

export type CollectorHandlers = {
  readonly [T in ConnectionEvent['type']]?: (
    event: Extract<ConnectionEvent, { type: T }>,
    connection: Connection,
  ) => void
}

export type Collector = (metrics: MetricStore) => CollectorHandlers

/** Of all collectors, what asked for events of one type; told once, called for each event. */
export function combine(
  collectors: readonly Collector[],
  metrics: MetricStore,
): (type: ConnectionEvent['type']) => readonly ConnectionListener[] {
  const byType = new Map<string, ConnectionListener[]>()
  for (const collector of collectors) {
    for (const [type, handler] of Object.entries(collector(metrics))) {
      byType.set(type, [...(byType.get(type) ?? []), handler as ConnectionListener])
    }
  }
  return (type) => byType.get(type) ?? []
}
