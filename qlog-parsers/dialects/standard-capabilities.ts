/** What writers tell who log packets as the drafts define them: whole, and with their frames. */
import type { Capabilities } from '../capabilities.ts'

/** Packets with their types and lengths. */
export const PACKETS = {
  packets: true,
  sentBytes: true,
  receivedBytes: true,
  zeroRtt: true,
} satisfies Capabilities

/** Frames: how handshakes and connections end, validations and moves, streams. */
export const FRAMES = {
  handshake: true,
  errorCodes: true,
  pathFrames: true,
  pathValidations: true,
  pathDurations: true,
  pathAbandonments: true,
  migrationKinds: ['nat_rebinding', 'active'],
  migrationFailures: true,
  streams: true,
} satisfies Capabilities
