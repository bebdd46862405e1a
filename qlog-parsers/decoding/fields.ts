/**
 * Checked reads of the fields of one parsed record. A number may come as a JSON number or as a numeric
 * string (qlog main schema, "JSON interop"); what is neither absent nor usable is counted, never used.
 */

export type JsonObject = { readonly [key: string]: unknown }

/** The largest duration that is believed: a year of microseconds. */
const MAX_DURATION_US = 365 * 86_400 * 1_000_000

export class Fields {
  /** Values that were present but not usable, since the last take. */
  #rejected = 0
  /** Microseconds in the unit in which the trace writes durations. */
  unitUs = 1000

  /** How many values were rejected since the last call. */
  takeRejected(): number {
    const count = this.#rejected
    this.#rejected = 0
    return count
  }

  /** A non-negative integer up to 2^53 − 1; above it (2^62 − 1, 2^64 − 1) writers mean "no limit": absent. */
  count(object: JsonObject, key: string, most = Number.MAX_SAFE_INTEGER): number | undefined {
    const value = object[key]
    if (value === undefined) return undefined
    const number = asNumber(value)
    if (number > Number.MAX_SAFE_INTEGER && Number.isInteger(number)) return undefined
    if (number >= 0 && number <= most && Number.isInteger(number)) return number
    return this.reject()
  }

  /** A non-negative amount that a writer may give as a fraction, rounded to an integer. */
  amount(object: JsonObject, key: string, most: number): number | undefined {
    const value = object[key]
    if (value === undefined) return undefined
    const number = asNumber(value)
    if (number >= 0 && number <= most) return Math.round(number)
    return this.reject()
  }

  /** Milliseconds in the record, or what else its trace writes durations in; integer microseconds here. */
  milliseconds(object: JsonObject, key: string, most = MAX_DURATION_US): number | undefined {
    const value = object[key]
    if (value === undefined) return undefined
    const us = Math.round(asNumber(value) * this.unitUs)
    if (us >= 0 && us <= most) return us
    return this.reject()
  }

  /** A duration in units of so many microseconds; integer microseconds here. */
  duration(
    object: JsonObject,
    key: string,
    unitUs: number,
    most = MAX_DURATION_US,
  ): number | undefined {
    const value = object[key]
    if (value === undefined) return undefined
    const number = asNumber(value)
    const us = Math.round(number * unitUs)
    if (number >= 0 && us <= most) return us
    return this.reject()
  }

  text(object: JsonObject, key: string): string | undefined {
    const value = object[key]
    if (value === undefined) return undefined
    if (typeof value === 'string') return value
    return this.reject()
  }

  object(object: JsonObject, key: string): JsonObject | undefined {
    const value = object[key]
    if (value === undefined) return undefined
    if (isObject(value)) return value
    return this.reject()
  }

  /** One of a closed list of words. */
  word<T extends string>(object: JsonObject, key: string, words: readonly T[]): T | undefined {
    const value = object[key]
    if (value === undefined) return undefined
    return words.find((word) => word === value) ?? this.reject()
  }

  /** Counts a value that was not usable. */
  reject(): undefined {
    this.#rejected += 1
    return undefined
  }
}

/** Whether a parsed JSON value is an object (not an array, not null). */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A JSON number or a decimal string as a number, else NaN. */
export function asNumber(value: unknown): number {
  if (typeof value === 'number') return value
  if (typeof value === 'string' && /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(value))
    return Number(value)
  return Number.NaN
}
