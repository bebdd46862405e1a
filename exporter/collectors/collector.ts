/** The contract of a collector: it declares its metrics and says which events move them. */
import type { Connection } from '../connections/connection.ts'
import type { ConnectionEvent } from '../connections/derived.ts'
import type { MetricStore } from '../metrics/store.ts'

export type CollectorHandlers = {
  readonly [T in ConnectionEvent['type']]?: (
    event: Extract<ConnectionEvent, { type: T }>,
    connection: Connection,
  ) => void
}

export type Collector = (metrics: MetricStore) => CollectorHandlers

/** One listener for all collectors: each event goes to those that asked for its type. */
export function combine(
  collectors: readonly Collector[],
  metrics: MetricStore,
): (event: ConnectionEvent, connection: Connection) => void {
  const byType = new Map<string, ((event: never, connection: Connection) => void)[]>()
  for (const collector of collectors) {
    for (const [type, handler] of Object.entries(collector(metrics))) {
      byType.set(type, [...(byType.get(type) ?? []), handler])
    }
  }
  return (event, connection) => {
    const handlers = byType.get(event.type)
    if (handlers === undefined) return
    for (const handler of handlers) handler(event as never, connection)
  }
}
