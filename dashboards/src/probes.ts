/** The lower rows of D5: what our own probes of backends and of the front door find. */
import { ANSWERS, YES_OR_NO } from './looks.ts'
import { BACKEND, increase, quantile, rate, series, share, sumBy } from './promql.ts'
import { graph, stat, timeline } from './shapes.ts'
import { table } from './table.ts'
import { THRESHOLDS } from './thresholds.ts'

export const NO_PROBE = 'No backend is probed'
const NO_DOOR = 'No front door is probed'

export const probes = [
  graph({
    title: 'Time of a probe, p95',
    about:
      'From asking for the address to the verdict. Close to the timeout: the next failures are slow backends, not dead ones.',
    unit: 'seconds',
    nothing: NO_PROBE,
    queries: [
      {
        expr: quantile(0.95, 'quic_lb_backend_probe_duration_seconds', 'backend', BACKEND),
        legend: '{{backend}}',
      },
    ],
  }),
  graph({
    title: 'Phases of the last probe',
    about:
      'Mean over the chosen backends. resolve: name server. connect: network. tls: cryptography. processing: the application.',
    unit: 'seconds',
    stack: 'values',
    nothing: NO_PROBE,
    queries: [
      {
        expr: `avg by (phase) (${series('quic_lb_backend_probe_phase_duration_seconds', BACKEND)})`,
        legend: '{{phase}}',
      },
    ],
  }),
  graph({
    title: 'Share of probes that failed',
    about:
      'Failed by all, for each backend. Some failures without an outage: the backend is at its limit.',
    unit: 'share',
    nothing: NO_PROBE,
    queries: [
      {
        expr: share(
          sumBy('backend', rate('quic_lb_backend_probes_failed_total', BACKEND)),
          sumBy('backend', rate('quic_lb_backend_probes_total', BACKEND)),
        ),
        legend: '{{backend}}',
      },
    ],
  }),
  graph({
    title: 'Failed probes by reason',
    about:
      'refused: nothing listens there. timeout: nobody answers. dns: the name. tls: certificate or key. status, body: it answers, but wrong.',
    unit: 'perSecond',
    nothing: NO_PROBE,
    queries: [
      {
        expr: `${sumBy('backend, reason', rate('quic_lb_backend_probes_failed_total', BACKEND))} > 0`,
        legend: '{{backend}}: {{reason}}',
      },
    ],
  }),
  stat({
    title: 'Changes of state in half an hour',
    about: 'Entries into up and down. Red where QuicLbBackendFlapping fires.',
    unit: 'none',
    decimals: 0,
    width: 12,
    threshold: THRESHOLDS.flaps,
    nothing: NO_PROBE,
    queries: [
      {
        expr: sumBy('backend', increase('quic_lb_backend_transitions_total', '30m', BACKEND)),
        legend: '{{backend}}',
      },
    ],
  }),
  stat({
    title: 'Certificate ends in',
    about:
      'Of the earliest in the chain that the backend showed. Red where QuicLbBackendCertExpiry fires.',
    unit: 'age',
    width: 12,
    threshold: THRESHOLDS.certificateSeconds,
    nothing: 'No backend is probed over TLS',
    queries: [
      {
        expr: `min by (backend) (${series('quic_lb_backend_tls_certificate_expiry_timestamp_seconds', BACKEND)}) - time()`,
        legend: '{{backend}}',
      },
    ],
  }),
]

export const frontDoor = [
  timeline({
    title: 'Front door by our QUIC probes',
    about:
      'version_negotiation: UDP arrives and somebody speaks QUIC. initial: a handshake begins. The first up and the second down: certificate, ALPN or SNI.',
    unit: 'none',
    mappings: [ANSWERS],
    nothing: NO_DOOR,
    queries: [
      {
        expr: `min by (target, probe) (${series('quic_probe_success')})`,
        legend: '{{target}} {{probe}}',
      },
    ],
  }),
  graph({
    title: 'Time until the front door answers, p95',
    about: 'First datagram out to the first valid answer.',
    unit: 'seconds',
    nothing: NO_DOOR,
    queries: [
      {
        expr: quantile(0.95, 'quic_probe_duration_seconds', 'target, probe'),
        legend: '{{target}} {{probe}}',
      },
    ],
  }),
  graph({
    title: 'QUIC probes, and those that failed',
    about:
      'timeout: UDP is dropped on the way. refused: nothing listens there. close: the server refuses us. retry: it never takes its own token.',
    unit: 'perSecond',
    nothing: NO_DOOR,
    queries: [
      { expr: sumBy('target', rate('quic_probes_total')), legend: '{{target}}: all probes' },
      {
        expr: `${sumBy('target, reason', rate('quic_probes_failed_total'))} > 0`,
        legend: '{{target}}: {{reason}}',
      },
    ],
  }),
  table({
    title: 'What the front door says',
    about:
      'Versions that it offered, how often it asked for a Retry, and how many bytes it sends for one of ours before it knows the address (more than 3 is against RFC 9000 section 8.1).',
    nothing: NO_DOOR,
    labels: { target: 'Front door' },
    columns: [
      {
        name: 'QUIC v1',
        unit: 'none',
        mappings: [YES_OR_NO],
        expr: `max by (target) (${series('quic_probe_version_supported', 'version="v1"')})`,
      },
      {
        name: 'QUIC v2',
        unit: 'none',
        mappings: [YES_OR_NO],
        expr: `max by (target) (${series('quic_probe_version_supported', 'version="v2"')})`,
      },
      {
        name: 'Retries',
        unit: 'count',
        decimals: 0,
        expr: sumBy('target', increase('quic_probe_retries_total', '$__range')),
      },
      {
        name: 'Bytes by byte',
        unit: 'count',
        decimals: 1,
        expr: `max by (target) (${series('quic_probe_amplification_ratio')})`,
      },
      {
        name: 'Close code',
        unit: 'none',
        expr: `max by (target) (${series('quic_probe_close_code')})`,
      },
    ],
  }),
]
