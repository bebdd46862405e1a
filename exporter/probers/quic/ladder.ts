/** The ladder of QUIC probes: each rung asks more of a front door than the one before. One line registers one. */
import type { QuicProber, QuicTarget } from '../prober.ts'
import type { QuicProbing } from './front-door.ts'
import { initialProber } from './initial.ts'
import { versionNegotiationProber } from './version-negotiation.ts'

export type { ProbeIds, QuicProbing, Resolve, ResolvedAddress } from './front-door.ts'

/** Makes the prober of one rung for one front door; throws a `RangeError` if the target makes no sense. */
export type Rung = (target: QuicTarget, probing: QuicProbing) => QuicProber

/** In the order of the ladder. */
export const QUIC_RUNGS = ['version_negotiation', 'initial'] as const
export type QuicRung = (typeof QUIC_RUNGS)[number]

export const LADDER: Readonly<Record<QuicRung, Rung>> = {
  version_negotiation: versionNegotiationProber,
  initial: initialProber,
}
