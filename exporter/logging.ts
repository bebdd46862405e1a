import { inspect } from 'node:util'
import { pino } from 'pino'

/** Levels from the most to the least talkative. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** How a line is written: one JSON object, or `key=value` pairs. */
export type LogFormat = 'json' | 'logfmt'

/** Named values of one line; anything may be given, everything is bounded before it is written. */
export type LogFields = Readonly<Record<string, unknown>> & {
  readonly level?: never
  readonly time?: never
  readonly msg?: never
}

type Write = (message: string, fields?: LogFields) => void

/** The structured log of the whole process: one call is one line. */
export interface Logger {
  readonly debug: Write
  readonly info: Write
  readonly warn: Write
  readonly error: Write
}

/** Where lines go, each with its line feed. */
export interface LogStream {
  write(line: string): unknown
}

/** What decides how a logger writes; `now` is wall-clock milliseconds. */
export interface LoggerOptions {
  readonly level: LogLevel
  readonly format: LogFormat
  readonly stream?: LogStream
  readonly now?: () => number
}

const MAX_VALUE_CHARS = 256

// C0 cannot be in JSON text, but DEL, C1, the Unicode line ends and the marks that turn the
// direction of writing can: a terminal or a line-based collector acts on them.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to remove
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g
const PLAIN = /^[!#-<>-[\]-~]+$/

// Long enough for the connection ids after which qlog files are named (RFC 9000 §7.2: at least 8 bytes).
const IDENTITY = /[0-9a-f]{16,}/gi

/**
 * Creates the process's logger, to standard error by default (standard output belongs to what
 * `replay` and `inspect` print); a value never breaks a line and is cut after 256 characters. Connection ids,
 * as in the names of qlog files, are written at level debug only.
 */
export function createLogger(options: LoggerOptions): Logger {
  const now = options.now ?? Date.now
  const stream = options.stream ?? pino.destination({ dest: 2, sync: true })
  const asLine = options.format === 'json' ? escapeUnsafe : toLogfmt
  const mask = options.level === 'debug' ? (text: string) => text : masked
  const log = pino(
    {
      level: options.level,
      base: null,
      formatters: { level: (label) => ({ level: label }) },
      timestamp: () => `,"time":"${new Date(now()).toISOString()}"`,
    },
    { write: (line) => void stream.write(`${asLine(line.trimEnd())}\n`) },
  )
  const writer =
    (level: LogLevel): Write =>
    (message, fields = {}) =>
      log[level](bounded(fields, mask), cut(mask(message)))
  return {
    debug: writer('debug'),
    info: writer('info'),
    warn: writer('warn'),
    error: writer('error'),
  }
}

function bounded(fields: LogFields, mask: (text: string) => string): Record<string, unknown> {
  const result: Record<string, unknown> = Object.create(null)
  for (const [key, value] of Object.entries(fields)) {
    if (value === undefined) continue
    const one = boundedValue(value)
    result[key] = typeof one === 'string' ? mask(one) : one
    if (value instanceof Error) {
      const frame = firstFrame(value)
      if (frame !== undefined) result[`${key}_at`] = frame
    }
  }
  return result
}

function boundedValue(value: unknown): unknown {
  switch (typeof value) {
    case 'string':
      return cut(value)
    case 'number':
      return Number.isFinite(value) ? value : String(value)
    case 'boolean':
      return value
    case 'bigint':
      return String(value)
  }
  if (value === null) return null
  if (value instanceof Error) return cut(`${value.name}: ${value.message}`)
  return cut(
    inspect(value, {
      depth: 2,
      breakLength: Number.POSITIVE_INFINITY,
      maxArrayLength: 16,
      maxStringLength: MAX_VALUE_CHARS,
    }),
  )
}

function masked(text: string): string {
  return text.replace(IDENTITY, '…')
}

// Of a stack only the place is kept: the whole would be many lines, and its head repeats a
// message that may have come from a file.
function firstFrame(error: Error): string | undefined {
  const line = error.stack?.split('\n').find((text) => text.startsWith('    at '))
  return line === undefined ? undefined : cut(line.slice(7))
}

function cut(text: string): string {
  if (text.length <= MAX_VALUE_CHARS) return text
  const head = text.slice(0, MAX_VALUE_CHARS - 1)
  // Half of a surrogate pair would be written as a replacement character.
  return `${/[\ud800-\udbff]$/.test(head) ? head.slice(0, -1) : head}…`
}

function escapeUnsafe(text: string): string {
  return text.replace(UNSAFE, escapeCharacter)
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

function toLogfmt(line: string): string {
  const { time, level, msg, ...fields } = JSON.parse(line) as Record<string, unknown>
  return Object.entries({ time, level, msg, ...fields })
    .map(([key, value]) => `${key.replace(/[^\w.-]/g, '_')}=${quoteIfNeeded(String(value))}`)
    .join(' ')
}

function quoteIfNeeded(text: string): string {
  if (PLAIN.test(text)) return text
  const quoted = text
    .replace(/["\\]/g, '\\$&')
    .replace(/\n/g, '\\n')
    .replace(/\r/g, '\\r')
    .replace(/\t/g, '\\t')
  return `"${escapeUnsafe(quoted)}"`
}
