/** What became of a connection's paths, inferred or told; part of the vocabulary of events.ts. */

export const MIGRATION_KINDS = ['nat_rebinding', 'active', 'unknown'] as const
/** Why a peer's address changed: a NAT gave it another one, or it moved on purpose. */
export type MigrationKind = (typeof MIGRATION_KINDS)[number]

/** Recovery state began anew on another path. */
export interface PathReset {
  readonly type: 'path_reset'
  readonly at: number
}

/** A path was validated (RFC 9000 §8.2): inferred from frames, or in the producer's own words. */
export interface PathValidated {
  readonly type: 'path_validated'
  readonly at: number
  readonly durationUs?: number
}

/** Nothing answered on a path in time, or its validation was cut short by the end of the connection. */
export interface PathNotValidated<
  T extends 'path_validation_failed' | 'path_validation_abandoned',
> {
  readonly type: T
  readonly at: number
}

/** The peer moved to another path, or tried to: inferred, or in the producer's own words. */
export interface Migration {
  readonly type: 'migration'
  readonly at: number
  readonly kind: MigrationKind
  readonly failed: boolean
  /** How many moves; one if it does not say. */
  readonly count?: number
}

/** The largest datagram that the path in use is known to carry. */
export interface PathMtu {
  readonly type: 'path_mtu'
  readonly at: number
  readonly bytes: number
}
