/** A front door that is probed: which rungs of the ladder, how often, and what it is compared at. */
import { isIP } from 'node:net'
import type { Config, ModuleConfig, TargetConfig } from '../config/schema.ts'
import type { QuicProbeFailure, QuicTarget } from '../probers/prober.ts'
import type { QuicRung } from '../probers/quic/ladder.ts'
import { QUIC_V1, QUIC_V2 } from '../probers/quic/versions.ts'
import type { BackendTarget } from '../probers/target.ts'
import { targetOf } from './backend-spec.ts'

export interface FrontSpec {
  readonly name: string
  readonly target: QuicTarget
  readonly rungs: readonly QuicRung[]
  readonly intervalMs: number
  readonly timeoutMs: number
  /** Where HTTP versions are compared; their version is left open. */
  readonly compare?: Extract<BackendTarget, { kind: 'http' }>
}

const VERSION_NUMBERS = { 1: QUIC_V1, 2: QUIC_V2 } as const

/** Why a rung can fail; no other reason ever comes of it. */
const FAILURES: Readonly<Record<QuicRung, readonly QuicProbeFailure[]>> = {
  version_negotiation: ['timeout', 'refused', 'protocol', 'other'],
  initial: ['timeout', 'refused', 'version', 'retry', 'close', 'protocol', 'other'],
}

/** Rungs on which a Retry can be seen. */
const RETRIED: ReadonlySet<QuicRung> = new Set(['initial'])

export function frontSpecs(
  { targets, probes }: Pick<Config, 'targets' | 'probes'>,
  moduleOf: (name: string | undefined) => ModuleConfig | undefined,
): readonly FrontSpec[] {
  return targets.map((target) => frontSpec(target, probes, moduleOf(target.compareModule)))
}

function frontSpec(
  written: TargetConfig,
  probes: Config['probes'],
  module: ModuleConfig | undefined,
): FrontSpec {
  const { name, address, serverName, quicVersion, compare } = written
  const compared =
    compare === undefined || module === undefined ? undefined : targetOf(compare, module)
  return {
    name,
    target: {
      ...address,
      family: 'any',
      alpn: ['h3'],
      version: VERSION_NUMBERS[quicVersion],
      ...(serverName === undefined ? {} : { serverName }),
    },
    rungs: written.probes,
    intervalMs: written.intervalMs ?? probes.intervalMs,
    timeoutMs: written.timeoutMs ?? probes.timeoutMs,
    ...(compared?.kind === 'http' ? { compare: compared } : {}),
  }
}

/** Why each probe of a front door can fail. */
export function possibleFrontFailures({
  rungs,
  target,
}: FrontSpec): Readonly<Record<string, readonly QuicProbeFailure[]>> {
  const dns: readonly QuicProbeFailure[] = isIP(target.host) === 0 ? ['dns'] : []
  return Object.fromEntries(rungs.map((rung) => [rung, [...FAILURES[rung], ...dns]]))
}

/** Whether any probe of a front door can see a Retry. */
export function seesRetries({ rungs }: FrontSpec): boolean {
  return rungs.some((rung) => RETRIED.has(rung))
}
