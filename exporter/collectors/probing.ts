/** How probing itself goes: whether turns come in time, and what could not be probed. Of this process alone. */
import { type MetricStore, PROCESS } from '../metrics/store.ts'

const DISCOVERY_REFUSALS = ['limit', 'address', 'name', 'duplicate'] as const

/** Why something that a balancer names is not probed. */
export type DiscoveryRefusal = (typeof DISCOVERY_REFUSALS)[number]

export interface ProbingMetrics {
  /** Something is probed. */
  opened(): void
  /** A probe began so many ms after it was due. */
  began(delayMs: number): void
  /** Files name backends. */
  filesOpened(): void
  /** A file of targets could not be used when it was read. */
  fileFailed(): void
  /** All files were looked at: so many of them cannot be used now. */
  filesLooked(unusable: number): void
  /** So many upstreams of a source are probed, others for these reasons not. */
  discovered(
    source: number,
    probed: number,
    refused: Readonly<Partial<Record<DiscoveryRefusal, number>>>,
  ): void
}

export function probingMetrics(metrics: MetricStore): ProbingMetrics {
  const process = { owner: '', depends: 'clock' } as const
  const delay = metrics.histogram({
    name: 'quic_exporter_probe_delay_seconds',
    help: 'How long after they were due probes began. Since process start.',
    unit: 'seconds',
    buckets: [0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 5],
    ...process,
  })
  const fileErrors = metrics.counter({
    name: 'quic_exporter_targets_file_errors_total',
    help: 'Times that a file of targets was read anew and could not be used: the last good one stays in force. Since process start.',
    ...process,
  })
  const unusable = metrics.gauge({
    name: 'quic_exporter_targets_files_unusable',
    help: 'Files of targets that could not be used when they were looked at last; absent before the first look.',
    absentUntilSet: true,
    ...process,
  })
  const probed = metrics.gauge({
    name: 'quic_exporter_discovered_backends',
    help: 'Backends that are probed because a balancer names them.',
    depends: 'clock',
  })
  const refused = metrics.gauge({
    name: 'quic_exporter_discovered_backends_refused',
    help: 'Backends that a balancer names and that are not probed, by reason.',
    labels: { reason: DISCOVERY_REFUSALS },
    depends: 'clock',
  })
  return {
    opened() {
      delay.open(PROCESS)
    },
    began(delayMs) {
      delay.observe(PROCESS, Math.max(0, Math.round(delayMs * 1000)))
    },
    filesOpened() {
      fileErrors.open(PROCESS)
    },
    fileFailed() {
      fileErrors.add(PROCESS, 1)
    },
    filesLooked(count) {
      unusable.set(PROCESS, count)
    },
    discovered(source, count, reasons) {
      probed.set(source, count)
      for (const reason of DISCOVERY_REFUSALS) refused.set(source, reasons[reason] ?? 0, reason)
    },
  }
}
