/** The public surface: bytes of a QUIC implementation's log in, normalised events out. */
export type { Capabilities, Capability } from './capabilities.ts'
export { TRANSPORT_ERROR_NAMES } from './decoding/errors.ts'
export type { Dialect } from './dialect.ts'
export { dialectKey, dialectNamed, dialectOfKey, dialects } from './dialects/index.ts'
export * from './events.ts'
export { PLACES } from './framing/contained-framer.ts'
export { FileFramer, FORMS } from './framing/file-framer.ts'
export { Framer, REJECT_REASONS, type RejectReason, type Skipping } from './framing/framer.ts'
export { polledDialectNamed, polledStates } from './lb-state/index.ts'
export type { AnswerReader, PolledDialect, Upstream } from './lb-state/polled-dialect.ts'
export { LogDecoder, type LogListener, type LogState } from './log-decoder.ts'
export {
  type FieldMap,
  type LineOutcome,
  type LineOutput,
  type LogDialect,
  type LogSettings,
  MAPPED_FIELDS,
} from './log-dialect.ts'
export { logDialectNamed, logDialectOfKey, logDialects } from './log-dialects.ts'
export * from './log-events.ts'
export * from './rules.ts'
export {
  type RecordOutcome,
  type Trace,
  TraceDecoder,
  type TraceExpectations,
  type TraceListener,
  type TraceState,
} from './trace-decoder.ts'
export { eventClockUs, type TraceHeader } from './trace-header.ts'
export { type TraceShape, traceShape } from './trace-shape.ts'
