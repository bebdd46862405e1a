/** What probes of front doors show: the QUIC ladder, and HTTP versions side by side. Of this process alone. */
import type { MetricStore } from '../metrics/store.ts'
import {
  QUIC_PROBE_FAILURES,
  type QuicProbeFailure,
  type QuicProbeResult,
} from '../probers/prober.ts'
import { PROBE_BUCKETS } from './backend-probes.ts'

/** HTTP versions that are compared, as the request logs' label `protocol` calls them. */
export const COMPARED_PROTOCOLS = ['http/1.1', 'h2'] as const
export type ComparedProtocol = (typeof COMPARED_PROTOCOLS)[number]

/** QUIC versions that have a name, with their numbers (RFC 9000 §15, RFC 9369, draft-ietf-quic-transport-29). */
export const NAMED_VERSIONS: Readonly<Record<string, number>> = {
  v1: 0x00000001,
  v2: 0x6b3343cf,
  draft29: 0xff00001d,
}

/** A front door that is probed. */
export interface OpenedFront {
  /** Index in the metric store. */
  readonly owner: number
  /** What can come of each probe. */
  readonly probes: Readonly<Record<string, readonly QuicProbeFailure[]>>
  /** Whether a Retry can be seen. */
  readonly retries: boolean
  readonly compares: boolean
}

/** Of a round of the comparison, what counts: durations in µs, or because of whom it does not. */
export type ComparedRound =
  | { readonly counts: true; readonly durationsUs: Readonly<Record<ComparedProtocol, number>> }
  | { readonly counts: false; readonly because: readonly ComparedProtocol[] }

export interface FrontProbeMetrics {
  opened(front: OpenedFront): void
  probed(owner: number, probe: string, result: QuicProbeResult): void
  compared(owner: number, round: ComparedRound): void
}

/** `probes`: names of the rungs of the ladder. */
export function frontProbeMetrics(
  metrics: MetricStore,
  probes: readonly string[],
): FrontProbeMetrics {
  const common = { owner: 'target', depends: 'clock' } as const
  const probe = probes
  const success = metrics.gauge({
    name: 'quic_probe_success',
    help: 'Whether the last QUIC probe of a front door was answered as it should be; absent before the first.',
    labels: { probe },
    absentUntilSet: true,
    alwaysRoom: true,
    ...common,
  })
  const total = metrics.counter({
    name: 'quic_probes_total',
    help: 'QUIC probes of a front door. Since process start.',
    labels: { probe },
    ...common,
  })
  const failed = metrics.counter({
    name: 'quic_probes_failed_total',
    help: 'QUIC probes of a front door that failed, by reason. Since process start.',
    labels: { probe, reason: QUIC_PROBE_FAILURES },
    ...common,
  })
  const duration = metrics.histogram({
    name: 'quic_probe_duration_seconds',
    help: 'First datagram out to the answer that decided, or until a QUIC probe was given up. Since process start.',
    labels: { probe },
    unit: 'seconds',
    buckets: PROBE_BUCKETS,
    ...common,
  })
  const supported = metrics.gauge({
    name: 'quic_probe_version_supported',
    help: 'Whether a front door offers a version of QUIC, by its last Version Negotiation packet; reserved versions are left out.',
    labels: { version: [...Object.keys(NAMED_VERSIONS), 'other'] },
    absentUntilSet: true,
    ...common,
  })
  const retries = metrics.counter({
    name: 'quic_probe_retries_total',
    help: 'QUIC probes that a front door answered with a Retry first. Since process start.',
    ...common,
  })
  const closeCode = metrics.gauge({
    name: 'quic_probe_close_code',
    help: 'Error code of the last CONNECTION_CLOSE that answered a QUIC probe (RFC 9000 section 20.1); absent until there was one.',
    labels: { probe },
    absentUntilSet: true,
    ...common,
  })
  const amplification = metrics.gauge({
    name: 'quic_probe_amplification_ratio',
    help: 'Bytes that a front door sent for each that it had got before it could know our address, in the last probe that shows it; above 3 it breaks RFC 9000 section 8.1.',
    unit: 'ratio',
    absentUntilSet: true,
    ...common,
  })
  const rounds = metrics.counter({
    name: 'quic_probe_compared_rounds_total',
    help: 'Rounds in which every HTTP version was answered, all asked within one second. Since process start.',
    ...common,
  })
  const seconds = metrics.counter({
    name: 'quic_probe_compared_seconds_total',
    help: 'What the probes of those rounds took: the ratio of two protocols compares the same moments. Since process start.',
    labels: { protocol: COMPARED_PROTOCOLS },
    unit: 'seconds',
    ...common,
  })
  const uncounted = metrics.counter({
    name: 'quic_probe_uncounted_rounds_total',
    help: 'Rounds that do not count, by the protocol that was not answered, or too late for the other one. Since process start.',
    labels: { protocol: COMPARED_PROTOCOLS },
    ...common,
  })
  return {
    opened({ owner, probes: failures, retries: hasRetries, compares }) {
      const has = ({ probe = '' }) => Object.hasOwn(failures, probe)
      total.open(owner, has)
      failed.open(owner, ({ probe = '', reason }) =>
        Boolean(failures[probe]?.some((one) => one === reason)),
      )
      duration.open(owner, has)
      if (hasRetries) retries.open(owner)
      if (compares) for (const family of [rounds, seconds, uncounted]) family.open(owner)
    },
    probed(owner, probe, result) {
      const { failure, durationUs, versions, retried, closeCode: code } = result
      success.set(owner, failure === undefined ? 1 : 0, probe)
      total.add(owner, 1, probe)
      if (failure !== undefined) failed.add(owner, 1, probe, failure)
      duration.observe(owner, durationUs, probe)
      if (retried === true) retries.add(owner, 1)
      if (code !== undefined) closeCode.set(owner, code, probe)
      if (versions !== undefined) {
        const known = Object.values(NAMED_VERSIONS)
        for (const [name, number] of Object.entries(NAMED_VERSIONS)) {
          supported.set(owner, versions.includes(number) ? 1 : 0, name)
        }
        supported.set(owner, versions.some((one) => !known.includes(one)) ? 1 : 0, 'other')
      }
      const { receivedBytes = 0, sentBytes = 0 } = result.amplification ?? {}
      // Who sends nothing is no measure of what is sent.
      if (receivedBytes > 0 && sentBytes > 0)
        amplification.set(owner, Math.round((receivedBytes / sentBytes) * 1e6))
    },
    compared(owner, round) {
      if (!round.counts) {
        for (const protocol of round.because) uncounted.add(owner, 1, protocol)
        return
      }
      rounds.add(owner, 1)
      for (const protocol of COMPARED_PROTOCOLS) {
        seconds.add(owner, round.durationsUs[protocol], protocol)
      }
    },
  }
}
