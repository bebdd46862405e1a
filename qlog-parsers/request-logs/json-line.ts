/** Logs of one JSON object a line, each of which means something by itself. */
import { Fields, type JsonObject } from '../decoding/fields.ts'
import { parseRecord } from '../decoding/json-path.ts'
import type { LineOutcome, LineOutput, LineReader, LogDialect } from '../log-dialect.ts'
import { type Signals, Told, withSignals } from '../told-signals.ts'

/** Reads one object; what `fields` rejects is counted. */
export type ObjectReader = (record: JsonObject, fields: Fields, out: LineOutput) => LineOutcome

/** A reader of lines that hands over their objects. */
export function jsonLines(readObject: ObjectReader): LineReader {
  const fields = new Fields()
  return {
    read(bytes, start, end, out) {
      const record = parseRecord(bytes, start, end)
      if (typeof record === 'string') return { kind: 'rejected', reason: record }
      const outcome = readObject(record, fields, out)
      const rejectedValues = fields.takeRejected()
      return 'name' in outcome ? { ...outcome, rejectedValues } : outcome
    },
  }
}

/** A dialect of such lines; `signals`: what each key gives, by its name. Keys that are left out give nothing. */
export function jsonDialect(
  base: Omit<LogDialect, 'open'>,
  signals: Signals,
  readObject: ObjectReader,
): LogDialect {
  const keys = Object.keys(signals)
  const dialect = withSignals({ ...base, open }, signals)
  function open(): LineReader {
    const memory = new Told(dialect)
    const lines = jsonLines((record, fields, out) => {
      const outcome = readObject(record, fields, out)
      if (outcome.kind === 'read') {
        const shown = keys.filter((name) => Object.hasOwn(record, name))
        memory.learn(shown, out)
      }
      return outcome
    })
    return { ...lines, state: () => memory.state, restore: (state) => memory.restore(state) }
  }
  return dialect
}

/** Values that stand for none: `null`, `-` and empty text are left out. */
export function told(record: JsonObject, keys: readonly string[]): JsonObject {
  const all = keys.map(
    (key) => [key, Object.hasOwn(record, key) ? record[key] : undefined] as const,
  )
  return Object.fromEntries(all.filter(([, value]) => !isBlank(value)))
}

function isBlank(value: unknown): boolean {
  return value === undefined || value === null || value === '-' || value === ''
}
