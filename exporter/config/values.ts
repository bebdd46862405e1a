import { isIPv6 } from 'node:net'
import { z } from 'zod'
import {
  DURATION_PATTERN,
  formatDuration,
  formatSize,
  parseDuration,
  parseSize,
  SIZE_PATTERN,
} from './units.ts'

/** Where the HTTP server listens; an empty host means every interface. */
export interface ListenAddress {
  readonly host: string
  readonly port: number
}

const HOST_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,252}$/

/** True or false. */
export function yesNo() {
  return z.boolean({ error: 'must be true or false' })
}

/** One word of a closed list. */
export function choice<const T extends readonly [string, ...string[]]>(words: T) {
  return z.enum(words, { error: `must be ${words.slice(0, -1).join(', ')} or ${words.at(-1)}` })
}

/** Text of one spelling; `requirement` is the message for everything else. */
export function text(pattern: RegExp, requirement: string) {
  return z.string({ error: requirement }).regex(pattern, { error: requirement })
}

/** A whole number within limits, both included. */
export function wholeNumber(min: number, max: number) {
  const error = `must be a whole number from ${min} to ${max}`
  return z
    .int({ error })
    .min(min, { error })
    .max(max, { error })
    .meta({ limits: `from ${min} to ${max}` })
}

/** A share of a whole: above 0, at most 1. */
export function share() {
  const error = 'must be a number above 0 and at most 1'
  return z
    .number({ error })
    .gt(0, { error })
    .max(1, { error })
    .meta({ limits: 'above 0, at most 1' })
}

/** A duration within limits, both in milliseconds and included; the value is in milliseconds. */
export function duration(min: number, max: number) {
  const range = `from ${formatDuration(min)} to ${formatDuration(max)}`
  const error = `must be a duration ${range}, written like 500ms, 10s, 5m or 1h`
  return z
    .string({ error })
    .regex(DURATION_PATTERN, { error })
    .transform((written, context) => within(parseDuration(written), min, max, error, context))
    .meta({ unit: 'duration', limits: range })
}

/** A size within limits, both in bytes and included; the value is in bytes. */
export function size(min: number, max: number) {
  const range = `from ${formatSize(min)} to ${formatSize(max)}`
  const error = `must be a size ${range}, written like 64KiB, 1MiB or 65536`
  return z
    .union([z.int({ error }).min(0), z.string({ error }).regex(SIZE_PATTERN, { error })], { error })
    .transform((written, context) => within(parseSize(`${written}`), min, max, error, context))
    .meta({ unit: 'size', limits: range })
}

/** A listen address, `HOST:PORT`, `[IPV6]:PORT` or `:PORT` for every interface. */
export function listenAddress() {
  const error = 'must be HOST:PORT, [IPV6]:PORT or :PORT with a port from 0 to 65535'
  return z.string({ error }).transform((written, context): ListenAddress => {
    const parsed = parseListenAddress(written)
    if (parsed !== undefined) return parsed
    context.issues.push({ code: 'custom', message: error, input: written })
    return z.NEVER
  })
}

function parseListenAddress(written: string): ListenAddress | undefined {
  const match = /^(?:\[(.+)\]|([^:]*)):([0-9]{1,5})$/.exec(written)
  if (match === null) return undefined
  const [, ipv6, name = '', port] = match
  if (Number(port) > 65_535) return undefined
  if (ipv6 !== undefined && !isIPv6(ipv6)) return undefined
  if (name !== '' && !HOST_NAME.test(name)) return undefined
  return { host: ipv6 ?? name, port: Number(port) }
}

function within(
  value: number | undefined,
  min: number,
  max: number,
  message: string,
  context: z.RefinementCtx,
): number {
  if (value !== undefined && value >= min && value <= max) return value
  context.issues.push({ code: 'custom', message, input: context.value })
  return z.NEVER
}
