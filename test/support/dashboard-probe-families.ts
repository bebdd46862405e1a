/** Families of probes that are expected and not registered yet; nobody looks here any more once docs/metrics.md has them. */
import type { Family } from './dashboard-catalogue.ts'

const BACKEND = { backend: undefined }
const TARGET = { target: undefined }
const RUNG = { target: undefined, probe: ['version_negotiation', 'initial'] }
const PROTOCOL = { target: undefined, protocol: ['http/1.1', 'h2'] }
const FAILURES = ['timeout', 'refused', 'dns', 'tls', 'status', 'body', 'protocol', 'other']
const QUIC_FAILURES = [
  'timeout',
  'refused',
  'dns',
  'version',
  'retry',
  'close',
  'protocol',
  'other',
]

export const PROBE_FAMILIES: Readonly<Record<string, Family>> = {
  quic_lb_backend_probe_duration_seconds: { type: 'histogram', labels: BACKEND },
  quic_lb_backend_probe_phase_duration_seconds: {
    type: 'gauge',
    labels: { ...BACKEND, phase: ['resolve', 'connect', 'tls', 'processing'] },
  },
  quic_lb_backend_probes_failed_total: {
    type: 'counter',
    labels: { ...BACKEND, reason: FAILURES },
  },
  quic_lb_backend_probes_total: { type: 'counter', labels: BACKEND },
  quic_lb_backend_tls_certificate_expiry_timestamp_seconds: { type: 'gauge', labels: BACKEND },
  quic_lb_backend_transitions_total: {
    type: 'counter',
    labels: { ...BACKEND, state: ['up', 'down'] },
  },
  quic_lb_backend_up: { type: 'gauge', labels: BACKEND },
  quic_probe_amplification_ratio: { type: 'gauge', labels: TARGET },
  quic_probe_close_code: { type: 'gauge', labels: RUNG },
  quic_probe_compared_rounds_total: { type: 'counter', labels: TARGET },
  quic_probe_compared_seconds_total: { type: 'counter', labels: PROTOCOL },
  quic_probe_duration_seconds: { type: 'histogram', labels: RUNG },
  quic_probe_retries_total: { type: 'counter', labels: TARGET },
  quic_probe_success: { type: 'gauge', labels: RUNG },
  quic_probe_uncounted_rounds_total: { type: 'counter', labels: PROTOCOL },
  quic_probe_version_supported: {
    type: 'gauge',
    labels: { ...TARGET, version: ['v1', 'v2', 'draft29', 'other'] },
  },
  quic_probes_failed_total: { type: 'counter', labels: { ...RUNG, reason: QUIC_FAILURES } },
  quic_probes_total: { type: 'counter', labels: RUNG },
  quic_exporter_discovered_backends: { type: 'gauge', labels: { source: undefined } },
  quic_exporter_discovered_backends_refused: {
    type: 'gauge',
    labels: { source: undefined, reason: ['limit', 'address', 'name', 'duplicate'] },
  },
  quic_exporter_probe_delay_seconds: { type: 'histogram', labels: {} },
  quic_exporter_targets_file_errors_total: { type: 'counter', labels: {} },
}
