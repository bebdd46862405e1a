/** Whether the state of the exporter is kept, and whether its configuration is the one in the file. */
import { type MetricStore, PROCESS } from '../metrics/store.ts'

const process = { owner: '', depends: 'clock' } as const

export interface StateMetrics {
  /** At start: whether an earlier process's state was taken over. */
  restored(whether: boolean): void
  /** The state was written; wall clock, Unix µs. */
  written(atUs: number): void
  failed(): void
}

/** Only for an exporter that keeps state: absent is not zero. */
export function stateMetrics(metrics: MetricStore): StateMetrics {
  const restored = metrics.gauge({
    name: 'quic_exporter_state_restored',
    help: 'Whether counters went on from a saved state at the last start; 0: they began at 0.',
    ...process,
  })
  const written = metrics.gauge({
    name: 'quic_exporter_state_last_write_timestamp_seconds',
    help: 'When the state was written last.',
    unit: 'seconds',
    ...process,
  })
  const failures = metrics.counter({
    name: 'quic_exporter_state_write_failures_total',
    help: 'Times that the state could not be written. Since process start.',
    ...process,
  })
  failures.open(PROCESS)
  return {
    restored(whether) {
      restored.set(PROCESS, whether ? 1 : 0)
    },
    written(atUs) {
      written.set(PROCESS, atUs)
    },
    failed() {
      failures.add(PROCESS, 1)
    },
  }
}

/** How reading the configuration went. */
export interface ReloadMetrics {
  /** At start, and after each reload; `atUs` is wall clock, Unix µs. */
  reloaded(successful: boolean, atUs: number): void
}

export function reloadMetrics(metrics: MetricStore): ReloadMetrics {
  const successful = metrics.gauge({
    name: 'quic_exporter_config_last_reload_successful',
    help: 'Whether the configuration was good when it was read last.',
    ...process,
  })
  const at = metrics.gauge({
    name: 'quic_exporter_config_last_reload_success_timestamp_seconds',
    help: 'When a good configuration was read last.',
    unit: 'seconds',
    ...process,
  })
  return {
    reloaded(wasSuccessful, atUs) {
      successful.set(PROCESS, wasSuccessful ? 1 : 0)
      if (wasSuccessful) at.set(PROCESS, atUs)
    },
  }
}
