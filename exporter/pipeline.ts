/** Everything between bytes and the page: the metric store, the collectors, the table of connections. */

import { combine } from './collectors/collector.ts'
import { collectors } from './collectors/index.ts'
import { type InputMetrics, inputMetrics } from './collectors/input.ts'
import { type ConnectionListener, ConnectionTable, type TableChanges } from './connections/table.ts'
import { MetricStore } from './metrics/store.ts'

export interface Pipeline {
  readonly metrics: MetricStore
  readonly table: ConnectionTable
  readonly input: InputMetrics
}

export function createPipeline(
  limits: { maxSeries?: number; maxConnections?: number } = {},
  changes?: TableChanges,
): Pipeline {
  const metrics = new MetricStore(limits.maxSeries)
  const listeners = combine(collectors, metrics)
  const input = inputMetrics(metrics)
  const evicted: ConnectionListener = (event, { source }) => {
    if (event.type === 'close_reason' && event.reason === 'evicted') input.evicted(source)
  }
  const table = new ConnectionTable(
    (type) => (type === 'close_reason' ? [...listeners(type), evicted] : listeners(type)),
    limits.maxConnections,
    changes,
  )
  return { metrics, table, input }
}
