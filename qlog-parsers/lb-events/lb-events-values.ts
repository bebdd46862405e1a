/** Checked reads of one event by its definition. */
import type { Fields, JsonObject } from '../decoding/fields.ts'
import { asNumber, isObject } from '../decoding/fields.ts'
import { wallClockUs } from '../decoding/wall-clock.ts'
import type { EventDefinition, FieldDefinition } from './lb-events-definitions.ts'

/** What an event says, by field: numbers (durations and times in µs), texts, flags, lists of the same. */
export interface Values {
  number(field: string): number | undefined
  text(field: string): string | undefined
  flag(field: string): boolean | undefined
  texts(field: string): readonly string[]
  list(field: string): readonly Values[]
  /** Fields that were there and usable. */
  readonly fields: readonly string[]
}

/**
 * Reads what is defined. An optional value that is not usable is left out and counted; a required one that
 * is missing or not usable makes the event none.
 */
export function readEvent(
  record: JsonObject,
  definition: EventDefinition,
  fields: Fields,
): Values | undefined {
  const found = new Map<string, unknown>()
  for (const [field, defined] of Object.entries(definition)) {
    const written = Object.hasOwn(record, field) ? record[field] : undefined
    const value =
      written === null ? undefined : readValue({ [field]: written }, field, defined, fields)
    if (value !== undefined) found.set(field, value)
    else if (isNeeded(defined, found)) return undefined
  }
  return new Found(found)
}

function isNeeded(
  { required, requiredWith }: FieldDefinition,
  found: ReadonlyMap<string, unknown>,
) {
  return required || (requiredWith !== undefined && found.get(requiredWith[0]) === requiredWith[1])
}

function readValue(
  record: JsonObject,
  field: string,
  { kind, words, most, items }: FieldDefinition,
  fields: Fields,
): unknown {
  const written = record[field]
  if (written === undefined) return undefined
  if (kind === 'count') {
    // Nothing here is without limit.
    return asNumber(written) > Number.MAX_SAFE_INTEGER
      ? fields.reject()
      : fields.count(record, field, most)
  }
  if (kind === 'milliseconds') return fields.duration(record, field, 1000, most)
  if (kind === 'text')
    return words === undefined ? fields.text(record, field) : fields.word(record, field, words)
  if (kind === 'flag') return typeof written === 'boolean' ? written : fields.reject()
  if (kind === 'time') return wallClockUs(written)
  if (!Array.isArray(written)) return fields.reject()
  if (items !== undefined)
    return written.map((item) => readItem(item, items, fields)).filter(isThere)
  return written.map((item) => (typeof item === 'string' ? item : fields.reject())).filter(isThere)
}

function readItem(item: unknown, items: EventDefinition, fields: Fields): Values | undefined {
  const values = isObject(item) ? readEvent(item, items, fields) : undefined
  return values ?? fields.reject()
}

function isThere<T>(value: T | undefined): value is T {
  return value !== undefined
}

class Found implements Values {
  readonly #found: ReadonlyMap<string, unknown>

  constructor(found: ReadonlyMap<string, unknown>) {
    this.#found = found
  }

  get fields(): readonly string[] {
    return [...this.#found.keys()]
  }

  number(field: string): number | undefined {
    return this.#found.get(field) as number | undefined
  }

  text(field: string): string | undefined {
    return this.#found.get(field) as string | undefined
  }

  flag(field: string): boolean | undefined {
    return this.#found.get(field) as boolean | undefined
  }

  texts(field: string): readonly string[] {
    return (this.#found.get(field) ?? []) as readonly string[]
  }

  list(field: string): readonly Values[] {
    return (this.#found.get(field) ?? []) as readonly Values[]
  }
}
