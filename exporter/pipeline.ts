/** Everything between bytes and the page: the metric store, the collectors, the table of connections. */

import type { LogEvent, QuicEvent } from '../qlog-parsers/index.ts'
import { type Backend, BackendNames } from './collectors/backend-names.ts'
import { combine } from './collectors/collector.ts'
import { collectors } from './collectors/index.ts'
import { type InputMetrics, inputMetrics } from './collectors/input.ts'
import { type ConnectionListener, ConnectionTable, type TableChanges } from './connections/table.ts'
import { MetricStore } from './metrics/store.ts'

export interface Pipeline {
  readonly metrics: MetricStore
  readonly table: ConnectionTable
  readonly input: InputMetrics
  /** Applies what a source says of requests, of backends, or of QUIC without naming a connection. */
  tell(source: number, event: LogEvent | QuicEvent): void
}

export interface PipelineOptions {
  readonly maxSeries?: number
  readonly maxConnections?: number
  readonly backends?: readonly Backend[]
}

export function createPipeline(
  { maxSeries, maxConnections, backends }: PipelineOptions = {},
  changes?: TableChanges,
): Pipeline {
  const metrics = new MetricStore(maxSeries)
  const listeners = combine(collectors, metrics, new BackendNames(backends))
  const input = inputMetrics(metrics)
  const evicted: ConnectionListener = (event, { source }) => {
    if (event.type === 'close_reason' && event.reason === 'evicted') input.evicted(source)
  }
  const table = new ConnectionTable(
    (type) => (type === 'close_reason' ? [...listeners(type), evicted] : listeners(type)),
    maxConnections,
    changes,
  )
  const tell = (source: number, event: LogEvent | QuicEvent) => {
    // Of a connection that is followed, probes of its path's MTU would be told apart first.
    const told =
      event.type === 'packets_lost' ? { ...event, type: 'loss_declared' as const } : event
    for (const listener of listeners(told.type)) listener(told, { source })
  }
  return { metrics, table, input, tell }
}
