/**
 * What one probe on demand shows, as samples. Names are those of the Blackbox exporter where the meaning is the
 * same; what is not known is absent.
 */
import { isIPv6 } from 'node:net'
import { NAMED_VERSIONS } from './collectors/front-probes.ts'
import type { ProbeSample } from './metrics/probe-page.ts'
import { PROBE_PHASES, type ProbeResult, type QuicProbeResult } from './probers/prober.ts'
import type { Answer } from './probing/on-demand.ts'

type Probed = Extract<Answer, { readonly type: 'backend' | 'front' }>

export function probeSamples(answer: Probed): readonly ProbeSample[] {
  const { failure, durationUs, address } = answer.result
  return [
    gauge(
      'probe_success',
      'Whether the probe found what it should.',
      failure === undefined ? 1 : 0,
    ),
    gauge('probe_duration_seconds', 'How long the probe took as a whole.', durationUs / 1e6),
    ...answer.failures.map((reason) => ({
      ...gauge(
        'probe_failure',
        'Why the probe failed: 1 for the reason, if it did.',
        failure === reason ? 1 : 0,
      ),
      labels: { reason },
    })),
    ...known(address, (one) =>
      gauge('probe_ip_protocol', 'Version of IP that was used.', isIPv6(one) ? 6 : 4),
    ),
    ...(answer.type === 'backend'
      ? backendSamples(answer.result, answer.protocol)
      : frontSamples(answer.result)),
  ]
}

function backendSamples(
  { phasesUs, status, certificateExpiryUs }: ProbeResult,
  protocol: string | undefined,
): readonly ProbeSample[] {
  const phaseHelp = 'How long a phase of the probe took; those that were not reached are absent.'
  return [
    ...PROBE_PHASES.flatMap((phase) =>
      known(phasesUs[phase], (us) => ({
        ...gauge('probe_phase_duration_seconds', phaseHelp, us / 1e6),
        labels: { phase },
      })),
    ),
    ...known(status, (one) => gauge('probe_http_status_code', 'Status of the answer.', one)),
    ...(status === undefined || protocol === undefined
      ? []
      : [
          gauge(
            'probe_http_version',
            'Version of HTTP that was spoken.',
            protocol === 'h2' ? 2 : 1.1,
          ),
        ]),
    ...known(certificateExpiryUs, (us) =>
      gauge(
        'probe_ssl_earliest_cert_expiry',
        'End of the certificate that was shown, the earliest of its chain; Unix time.',
        us / 1e6,
      ),
    ),
  ]
}

function frontSamples({
  versions,
  answer,
  retried,
  closeCode,
  amplification,
}: QuicProbeResult): readonly ProbeSample[] {
  const named = Object.entries(NAMED_VERSIONS)
  const nameOf = (version: number) => named.find(([, number]) => number === version)?.[0]
  const names = new Set(versions?.map((version) => nameOf(version) ?? 'other'))
  return [
    ...known(answer, (one) => ({
      ...gauge('probe_quic_answer_info', 'What the server answered with; always 1.', 1),
      labels: { answer: one },
    })),
    ...(versions === undefined ? [] : [...Object.keys(NAMED_VERSIONS), 'other']).map((version) => ({
      ...gauge(
        'probe_quic_version_supported',
        'Whether the server offers a version of QUIC; reserved ones are left out.',
        names.has(version) ? 1 : 0,
      ),
      labels: { version },
    })),
    ...known(retried, (one) =>
      gauge('probe_quic_retry', 'Whether the server answered with a Retry first.', one ? 1 : 0),
    ),
    ...known(closeCode, (one) =>
      gauge(
        'probe_quic_close_code',
        'Error code of a CONNECTION_CLOSE (RFC 9000 section 20.1).',
        one,
      ),
    ),
    ...known(amplification, ({ receivedBytes, sentBytes }) =>
      gauge(
        'probe_quic_amplification_ratio',
        'Bytes that the server sent for each that it had got before it could know our address.',
        sentBytes === 0 ? 0 : receivedBytes / sentBytes,
      ),
    ),
  ]
}

function gauge(name: string, help: string, value: number): ProbeSample {
  return { name, help, value }
}

/** Samples of a value, none if there is none. */
function known<T>(value: T | undefined, of: (value: T) => ProbeSample): readonly ProbeSample[] {
  return value === undefined ? [] : [of(value)]
}
