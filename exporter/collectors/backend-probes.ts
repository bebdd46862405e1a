/** What our own probes of backends show. All of it but `up` is of this process alone. */
import type { Family } from '../metrics/family.ts'
import type { MetricStore } from '../metrics/store.ts'
import {
  PROBE_FAILURES,
  PROBE_PHASES,
  type ProbeFailure,
  type ProbePhase,
  type ProbeResult,
} from '../probers/prober.ts'

/** Buckets of everything that a probe takes, in seconds. */
export const PROBE_BUCKETS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5]

/** A backend that is probed, and what can come of it. */
export interface OpenedBackend {
  /** Index in the metric store. */
  readonly owner: number
  readonly failures: readonly ProbeFailure[]
}

/** What one probe showed; phases that are none for its target are left out. */
export type ProbedResult = Pick<
  ProbeResult,
  'failure' | 'durationUs' | 'phasesUs' | 'certificateExpiryUs'
>

export interface BackendProbeMetrics {
  /**
   * Backends that are probed from now on. If there is no room for all series, each has the more important
   * ones before any has the others.
   */
  opened(backends: readonly OpenedBackend[]): void
  probed(owner: number, result: ProbedResult): void
  /** Which verdict is in force; `isChange`: another one was before. */
  judged(owner: number, health: 'up' | 'down', isChange: boolean): void
}

export function backendProbeMetrics(metrics: MetricStore): BackendProbeMetrics {
  const common = { owner: 'backend', depends: 'clock' } as const
  const up = metrics.gauge({
    name: 'quic_lb_backend_up',
    help: 'Whether a backend is up by our own probe, after so many results in a row; absent until the first verdict. After a restart the verdict goes on if it is younger than 5 min.',
    absentUntilSet: true,
    alwaysRoom: true,
    ...common,
  })
  const probes = metrics.counter({
    name: 'quic_lb_backend_probes_total',
    help: 'Probes of a backend. Since process start.',
    ...common,
  })
  const failed = metrics.counter({
    name: 'quic_lb_backend_probes_failed_total',
    help: 'Probes of a backend that found it not healthy, by reason. Since process start.',
    labels: { reason: PROBE_FAILURES },
    ...common,
  })
  const transitions = metrics.counter({
    name: 'quic_lb_backend_transitions_total',
    help: 'Times that a backend went up or down, the first verdict left out. Since process start.',
    labels: { state: ['up', 'down'] },
    ...common,
  })
  const certificate = metrics.gauge({
    name: 'quic_lb_backend_tls_certificate_expiry_timestamp_seconds',
    help: 'End of the certificate that a backend shows, the earliest of its chain.',
    unit: 'seconds',
    absentUntilSet: true,
    ...common,
  })
  const phases = metrics.gauge({
    name: 'quic_lb_backend_probe_phase_duration_seconds',
    help: 'How long a phase of a probe took, the last time that it was reached.',
    labels: { phase: PROBE_PHASES },
    unit: 'seconds',
    absentUntilSet: true,
    ...common,
  })
  const duration = metrics.histogram({
    name: 'quic_lb_backend_probe_duration_seconds',
    help: 'How long a probe of a backend took as a whole, failed ones included. Since process start.',
    unit: 'seconds',
    buckets: PROBE_BUCKETS,
    ...common,
  })
  return {
    opened(backends) {
      const each = (family: Family) => {
        for (const { owner } of backends) family.open(owner)
      }
      each(probes)
      for (const { owner, failures } of backends) {
        failed.open(owner, ({ reason }) => failures.some((one) => one === reason))
      }
      each(transitions)
      each(duration)
    },
    probed(owner, { failure, durationUs, phasesUs, certificateExpiryUs }) {
      probes.add(owner, 1)
      if (failure !== undefined) failed.add(owner, 1, failure)
      duration.observe(owner, durationUs)
      for (const [phase, us] of Object.entries(phasesUs)) phases.set(owner, us, phase as ProbePhase)
      if (certificateExpiryUs !== undefined) certificate.set(owner, certificateExpiryUs)
    },
    judged(owner, health, isChange) {
      up.set(owner, health === 'up' ? 1 : 0)
      if (isChange) transitions.add(owner, 1, health)
    },
  }
}
