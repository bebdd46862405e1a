/** Wall clock times as logs write them, as Unix µs. */
import { asNumber } from './fields.ts'

/** Parts of an RFC 3339 date and time; a blank or a comma, and an offset without its colon, are tolerated. */
const DATE_TIME =
  /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?(?:[Zz]|([+-]\d\d):?(\d\d))$/

/** Numbers below these are seconds, milliseconds, microseconds, nanoseconds: years 1973 to 5138 in each unit. */
const UNITS: readonly (readonly [below: number, us: number])[] = [
  [1e11, 1e6],
  [1e14, 1e3],
  [1e17, 1],
  [1e20, 1e-3],
]

/**
 * RFC 3339 text, or a number (or numeric text) of seconds, milliseconds, microseconds or nanoseconds since
 * 1970, told apart by its size; undefined for anything else.
 */
export function wallClockUs(written: unknown): number | undefined {
  const number = asNumber(written)
  if (!Number.isNaN(number)) {
    const unit = number < 0 ? undefined : UNITS.find(([below]) => number < below)
    return unit === undefined ? undefined : Math.round(number * unit[1])
  }
  const parts = typeof written === 'string' ? DATE_TIME.exec(written) : null
  return parts === null ? undefined : fromParts(parts)
}

function fromParts(parts: RegExpExecArray): number | undefined {
  const [, year, month, day, hour, minute, second] = parts.map(Number)
  if (month === undefined || day === undefined || hour === undefined) return undefined
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23) return undefined
  if (minute === undefined || second === undefined || minute > 59 || second > 60) return undefined
  const fraction = Number((parts[7] ?? '').padEnd(9, '0')) / 1000
  const sign = parts[8]?.startsWith('-') ? -1 : 1
  const offset = Number(parts[8] ?? 0) * 60 + sign * Number(parts[9] ?? 0)
  const ms = Date.UTC(year as number, month - 1, day, hour, minute - offset, second)
  const us = ms * 1000 + Math.round(fraction)
  return us >= 0 ? us : undefined
}
