/** By which rule a dialect's log tells the three things that no writer says in the same way. */

/** `none`: it cannot be told from this log. */
export const HANDSHAKE_RULES = [
  'handshake_done_frame',
  'state_event',
  'state_event_or_frame',
  'log_line',
  'none',
] as const
export type HandshakeRule = (typeof HANDSHAKE_RULES)[number]

/** `silence`: only that nothing more is written. */
export const CLOSE_RULES = [
  'close_event',
  'close_frame',
  'close_event_or_frame',
  'log_line',
  'silence',
  'none',
] as const
export type CloseRule = (typeof CLOSE_RULES)[number]

/**
 * `path_challenge_…`: inferred from PATH_CHALLENGE and PATH_RESPONSE frames, paired by the connection id of
 * their packets, by their data, or in order, `path_challenge` by whichever of these there is; the others are
 * the writer's own word.
 */
export const MIGRATION_RULES = [
  'path_challenge_connection_id',
  'path_challenge_data',
  'path_challenge_order',
  'path_challenge',
  'event',
  'log_line',
  'counter',
  'none',
] as const
export type MigrationRule = (typeof MIGRATION_RULES)[number]

export interface DialectRules {
  readonly handshake: HandshakeRule
  readonly close: CloseRule
  readonly migration: MigrationRule
}
