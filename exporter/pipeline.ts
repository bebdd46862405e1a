/** Everything between bytes and the page: the metric store, the collectors, the table of connections. */

import { combine } from './collectors/collector.ts'
import { collectors } from './collectors/index.ts'
import { type InputMetrics, inputMetrics } from './collectors/input.ts'
import { ConnectionTable } from './connections/table.ts'
import { MetricStore } from './metrics/store.ts'

export interface Pipeline {
  readonly metrics: MetricStore
  readonly table: ConnectionTable
  readonly input: InputMetrics
}

export function createPipeline(
  limits: { maxSeries?: number; maxConnections?: number } = {},
): Pipeline {
  const metrics = new MetricStore(limits.maxSeries)
  const listener = combine(collectors, metrics)
  const input = inputMetrics(metrics)
  const table = new ConnectionTable((event, connection) => {
    listener(event, connection)
    if (event.type === 'close_reason' && event.reason === 'evicted')
      input.evicted(connection.source)
  }, limits.maxConnections)
  return { metrics, table, input }
}
