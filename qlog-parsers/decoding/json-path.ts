/** The reference path: records as JSON.parse reads them. */
import type { QuicEvent } from '../events.ts'
import type { RejectReason } from '../framing/framer.ts'
import { groupText } from '../trace-header.ts'
import { microseconds, type TraceShape } from '../trace-shape.ts'
import { type Columns, objectOf } from './columns.ts'
import { isTooDeep } from './depth.ts'
import { asNumber, Fields, isObject, type JsonObject } from './fields.ts'
import type { DecodedRecord, RecordContext, RecordDecoder } from './record-decoder.ts'

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export class JsonPath implements RecordDecoder {
  readonly #fields = new Fields()

  decode(
    bytes: Uint8Array,
    start: number,
    end: number,
    context: RecordContext,
    out: DecodedRecord,
  ): 'ok' | RejectReason {
    out.events.length = 0
    out.rejectedValues = 0
    out.become = undefined
    const record = parseRecord(bytes, start, end, context.shape.columns)
    if (typeof record === 'string') return record
    return this.#read(record, context, out)
  }

  #read(record: JsonObject, context: RecordContext, out: DecodedRecord): 'ok' | RejectReason {
    if (typeof record.name !== 'string') return 'schema'
    out.name = record.name
    out.group = groupText(record.group_id)
    const { shape, timeBase } = context
    const written = asNumber(record.time)
    out.time = timeBase + written
    if (!(written >= 0) || !validTime(out.time, shape)) return 'time'
    const reader = context.dialect.readers.get(record.name)
    if (reader === undefined) {
      out.kind = context.dialect.unread.has(record.name) ? 'unread' : 'unknown'
      return 'ok'
    }
    out.kind = 'read'
    if (!isObject(record.data)) return 'schema'
    this.#fields.unitUs = shape.unitUs
    const read = reader(record.data, {
      at: microseconds(out.time, shape),
      fields: this.#fields,
      vantage: context.vantage,
      emit: (event: QuicEvent) => out.events.push(event),
      become: (dialect) => {
        out.become = dialect
      },
    })
    out.rejectedValues = this.#fields.takeRejected()
    return read ? 'ok' : 'schema'
  }
}

/** One record as a JSON object, or why it is none; a list of values is one where the columns are known. */
export function parseRecord(
  bytes: Uint8Array,
  start: number,
  end: number,
  columns?: Columns,
): JsonObject | 'json' | 'utf8' | 'too_deep' {
  if (isTooDeep(bytes, start, end)) return 'too_deep'
  let text: string
  try {
    text = strict.decode(bytes.subarray(start, end))
  } catch {
    return 'utf8'
  }
  try {
    const value: unknown = JSON.parse(text)
    if (isObject(value)) return value
    return columns !== undefined && Array.isArray(value) ? objectOf(value, columns) : 'json'
  } catch {
    return 'json'
  }
}

function validTime(time: number, { unitUs }: TraceShape): boolean {
  return time >= 0 && time * unitUs <= Number.MAX_SAFE_INTEGER
}
