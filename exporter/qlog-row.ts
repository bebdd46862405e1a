/** Where reading stands in a qlog file, as fields of a row of the state. */
import {
  dialectKey,
  dialectOfKey,
  type FileFramer,
  FORMS,
  PLACES,
  type Skipping,
  type TraceDecoder,
  type TraceHeader,
  type TraceShape,
  traceShape,
} from '../qlog-parsers/index.ts'
import type { RowFields } from './state/row.ts'

/** As they are numbered in saved state. */
const SKIPPING: readonly Skipping[] = ['nothing', 'unknown', 'too_long']
const VANTAGES: readonly TraceHeader['vantage'][] = [
  'server',
  'client',
  'network',
  'transport',
  'unknown',
  'other',
]

/** Shows where a framer stands; or a new one takes over what was saved. */
export function framingRow(framer: FileFramer, row: RowFields): void {
  const { form, skipping, document } = framer.state
  framer.resume({
    form: row.choice(form, FORMS),
    skipping: row.choice(skipping, SKIPPING),
    document: {
      place: row.choice(document.place, PLACES),
      inList: row.flag(document.inList),
      depth: row.number(document.depth),
      inString: row.flag(document.inString),
      escaped: row.flag(document.escaped),
    },
  })
}

/** Shows what a decoder knows of its trace; or a new one takes over what was saved. */
export function traceRow(decoder: TraceDecoder, row: RowFields): void {
  const known = decoder.state
  if (!row.flag(known !== undefined)) return
  const dialect = row.optionalText(known?.dialect && dialectKey(known.dialect))
  const state = {
    vantage: row.choice(known?.vantage ?? 'unknown', VANTAGES),
    groupId: row.optionalText(known?.groupId),
    startedAtUs: row.optional(known?.startedAtUs),
    newestAt: row.optional(known?.newestAt),
    timeBase: row.number(known?.timeBase ?? 0),
    shape: shapeRow(known?.shape, row),
  }
  if (known !== undefined) return
  decoder.resume({ ...state, dialect: dialect === undefined ? undefined : dialectOfKey(dialect) })
}

function shapeRow(known: TraceShape | undefined, row: RowFields): TraceShape {
  const isDelta = row.flag(known?.isDelta ?? false)
  const inUs = row.flag(known?.unitUs === 1)
  const columns = [...(known?.columns ?? [])]
  row.numbers(columns)
  return traceShape(isDelta, inUs ? 1 : 1000, columns.length > 0 ? columns : undefined)
}
