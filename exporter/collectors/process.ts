/** The exporter as a process: what it is, what bounds it, how long its page takes. */
import { type MetricStore, PROCESS } from '../metrics/store.ts'

/** What build_info says. */
export interface Build {
  readonly version: string
  readonly revision: string
  readonly nodeVersion: string
}

export interface ProcessMetrics {
  /** At every scrape: series on the page, µs that the last page took; undefined before the second page. */
  status(lastScrapeUs: number | undefined): void
}

export function processMetrics(
  metrics: MetricStore,
  build: Build,
  limits: { readonly files: number; readonly connections: number },
): ProcessMetrics {
  const process = { owner: '', depends: 'clock' } as const
  metrics
    .gauge({
      name: 'quic_exporter_build_info',
      help: 'Always 1; what runs here.',
      labels: {
        version: [build.version],
        revision: [build.revision],
        node_version: [build.nodeVersion],
      },
      ...process,
    })
    .set(PROCESS, 1)
  const series = metrics.gauge({
    name: 'quic_exporter_series',
    help: 'Series that the exporter holds.',
    ...process,
  })
  const limit = metrics.gauge({
    name: 'quic_exporter_limit',
    help: 'Configured bounds.',
    labels: { resource: ['series', 'files', 'connections'] },
    ...process,
  })
  const duration = metrics.gauge({
    name: 'quic_exporter_scrape_duration_seconds',
    help: 'How long the last page took to make.',
    unit: 'seconds',
    ...process,
  })
  limit.set(PROCESS, metrics.maxSeries, 'series')
  limit.set(PROCESS, limits.files, 'files')
  limit.set(PROCESS, limits.connections, 'connections')
  return {
    status(lastScrapeUs) {
      series.set(PROCESS, metrics.series)
      // Nothing was measured before the first page was made: absent is not zero.
      if (lastScrapeUs !== undefined) duration.set(PROCESS, lastScrapeUs)
    },
  }
}
