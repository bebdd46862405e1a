/** How a trace writes its events, where drafts and writers differ: what its header says once for all of them. */
import { type Columns, columnsOf } from './decoding/columns.ts'
import type { JsonObject } from './decoding/fields.ts'

export interface TraceShape {
  /** Each time counts from the event before; the first from the reference time, or it is Unix time (OpenSSL). */
  readonly isDelta: boolean
  /** Microseconds in the unit of all times and durations: 1000, or 1 (`time_units` of draft-00 and draft-01). */
  readonly unitUs: 1000 | 1
  /** Events are lists of values. */
  readonly columns: Columns | undefined
}

/** Objects with times in milliseconds, none of which needs the event before: all of draft-02 and later. */
export const PLAIN: TraceShape = { isDelta: false, unitUs: 1000, columns: undefined }

/** The shape of these; PLAIN itself if it is plain, so that this is cheap to ask. */
export function traceShape(
  isDelta: boolean,
  unitUs: TraceShape['unitUs'],
  columns: Columns | undefined,
): TraceShape {
  const isPlain = !isDelta && unitUs === 1000 && columns === undefined
  return isPlain ? PLAIN : { isDelta, unitUs, columns }
}

/** The shape that the members of a trace declare. */
export function declaredShape(
  trace: JsonObject,
  common: JsonObject,
  configurations: readonly JsonObject[],
): TraceShape {
  const format = common.time_format
  const isDelta =
    format === 'delta' ||
    format === 'relative_to_previous_event' ||
    (Array.isArray(trace.event_fields) &&
      trace.event_fields.some((name) => String(name).toLowerCase() === 'delta_time'))
  const inUs = configurations.some(({ time_units: unit }) => unit === 'us')
  return traceShape(isDelta, inUs ? 1 : 1000, columnsOf(trace.event_fields))
}

/** An event time in the trace's unit as integer microseconds. */
export function microseconds(time: number, { unitUs }: TraceShape): number {
  return Math.round(time * unitUs)
}
