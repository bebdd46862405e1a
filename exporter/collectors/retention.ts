/** What became of files that were read to their end; nothing for sources that keep their files. */
import type { MetricStore } from '../metrics/store.ts'

const ACTIONS = ['deleted', 'compressed', 'would_delete', 'would_compress', 'failed'] as const

/** What happened to one file. */
export type RetentionAction = (typeof ACTIONS)[number]

export interface RetentionMetrics {
  /** The source takes files away; `possible`: what can happen to them there. */
  opened(source: number, possible: readonly RetentionAction[]): void
  file(source: number, action: RetentionAction): void
}

export function retentionMetrics(metrics: MetricStore): RetentionMetrics {
  const files = metrics.counter({
    name: 'quic_exporter_retention_files_total',
    help: 'Files that retention took away, would have taken away, or could not. Since process start.',
    labels: { action: ACTIONS },
    depends: 'clock',
  })
  return {
    opened(source, possible) {
      files.open(source, ({ action }) => possible.some((one) => one === action))
    },
    file(source, action) {
      files.add(source, 1, action)
    },
  }
}
