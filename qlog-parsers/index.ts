/** The public surface: bytes of a QUIC implementation's log in, normalised events out. */
export type { Capabilities, Capability } from './capabilities.ts'
export { TRANSPORT_ERROR_NAMES } from './decoding/errors.ts'
export type { Dialect } from './dialect.ts'
export { dialectKey, dialectNamed, dialectOfKey, dialects } from './dialects/index.ts'
export * from './events.ts'
export { Framer, REJECT_REASONS, type RejectReason, type Skipping } from './framing/framer.ts'
export {
  type RecordOutcome,
  type Trace,
  TraceDecoder,
  type TraceExpectations,
  type TraceListener,
  type TraceState,
} from './trace-decoder.ts'
export type { TraceHeader } from './trace-header.ts'
