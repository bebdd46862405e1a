/**
 * Events as lists of values: draft-00 and draft-01 name the columns once for a trace, in `event_fields`, in
 * any case and order (`time`, `relative_time` or `delta_time`; `event`, `event_type` or `EVENT_TYPE`; …).
 */
import { isObject, type JsonObject } from './fields.ts'

/** Which column holds time, category, event, data, trigger and group id, in this order; −1: none does. */
export type Columns = readonly number[]

const NAMES: readonly (readonly string[])[] = [
  ['time', 'relative_time', 'delta_time'],
  ['category'],
  ['event', 'event_type', 'type'],
  ['data'],
  ['trigger'],
  ['group_id'],
]

/** The columns that `event_fields` names; undefined if it is no list. */
export function columnsOf(eventFields: unknown): Columns | undefined {
  if (!Array.isArray(eventFields)) return undefined
  const written = eventFields.map((name) => String(name).toLowerCase())
  return NAMES.map((names) => written.findIndex((name) => names.includes(name)))
}

/** The list as the object that draft-02 and later write; values that are missing stay missing. */
export function objectOf(values: readonly unknown[], columns: Columns): JsonObject {
  const [time, category, event, data, trigger, group] = columns.map((at) => values[at])
  return {
    time,
    name: nameOf(category, event),
    data: dataOf(data, trigger),
    group_id: group,
  }
}

function nameOf(category: unknown, event: unknown): string | undefined {
  if (typeof event !== 'string') return undefined
  const name = typeof category === 'string' ? `${category}:${event}` : event
  return name.toLowerCase()
}

/** An event without data has none to read; a trigger of its own column belongs to the data since draft-02. */
function dataOf(data: unknown, trigger: unknown): unknown {
  if (data !== undefined && !isObject(data)) return data
  if (trigger === undefined || data?.trigger !== undefined) return data ?? {}
  return { ...data, trigger }
}
