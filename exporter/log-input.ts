/** How a source that is a log, no qlog, is read. */
import {
  type FieldMap,
  type LogDialect,
  type LogEvent,
  type LogSettings,
  logDialectNamed,
  type QuicEvent,
} from '../qlog-parsers/index.ts'

export interface LogInput {
  readonly dialect: LogDialect
  readonly settings: LogSettings
  /** Applies what a line says of requests, of backends, or of QUIC without naming a connection. */
  readonly tell: (event: LogEvent | QuicEvent) => void
}

/** Undefined for the dialects of qlog. */
export function logInputOf(
  { dialect: name, fields }: { readonly dialect: string; readonly fields: FieldMap },
  tell: LogInput['tell'],
): LogInput | undefined {
  const settings = { fields }
  const dialect = logDialectNamed(name)
  if (dialect === undefined) return undefined
  return { dialect: dialect.configured?.(settings) ?? dialect, settings, tell }
}
