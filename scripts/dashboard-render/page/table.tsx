import {
  type DataFrame,
  type DisplayValue,
  type Field,
  FieldType,
  formattedValueToString,
  getFieldDisplayName,
  sortDataFrame,
} from '@grafana/data'
import type { CSSProperties } from 'react'
import { type Drawing, option } from './drawing.ts'
import { NoData } from './no-data.tsx'

interface SortBy {
  readonly displayName: string
  readonly desc?: boolean
}

interface ColumnSettings {
  readonly width?: number
  readonly align?: CSSProperties['textAlign'] | 'auto'
  readonly hidden?: boolean
  readonly cellOptions?: { readonly type?: string; readonly mode?: string }
}

/** A table, with the colours and units of its cells. Drawn here: Grafana's own needs its app. */
export function TablePanel({ panel, frames, height }: Drawing) {
  const frame = frames.find(({ length }) => length > 0)
  if (frame === undefined) return <NoData panel={panel} />
  const sorted = sort(frame, option<readonly SortBy[]>(panel, 'sortBy', []))
  const columns = sorted.fields.filter((field) => !settings(field).hidden)
  const nameOf = (field: Field) => getFieldDisplayName(field, sorted, [...frames])
  return (
    <div className="scrolls" style={{ height }}>
      <table className="panel-table">
        <colgroup>
          {columns.map((field) => (
            <col key={nameOf(field)} style={{ width: settings(field).width }} />
          ))}
        </colgroup>
        <thead>
          <tr>
            {columns.map((field) => (
              <th key={nameOf(field)} style={{ textAlign: alignment(field) }}>
                {nameOf(field)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {Array.from({ length: sorted.length }, (_, row) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the rows of a picture never move
            <tr key={row}>
              {columns.map((field) => (
                <Cell key={nameOf(field)} field={field} row={row} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Cell({ field, row }: { readonly field: Field; readonly row: number }) {
  const shown: DisplayValue = field.display?.(field.values[row]) ?? {
    text: String(field.values[row]),
    numeric: Number.NaN,
  }
  const style: CSSProperties = { textAlign: alignment(field) }
  const type = settings(field).cellOptions?.type
  if (type === 'color-background') Object.assign(style, { background: shown.color, color: '#fff' })
  if (type === 'color-text') style.color = shown.color
  return <td style={style}>{formattedValueToString(shown)}</td>
}

function settings(field: Field): ColumnSettings {
  return (field.config.custom ?? {}) as ColumnSettings
}

function alignment(field: Field): CSSProperties['textAlign'] {
  const { align } = settings(field)
  if (align && align !== 'auto') return align
  return field.type === FieldType.number ? 'right' : 'left'
}

function sort(frame: DataFrame, [by]: readonly SortBy[]): DataFrame {
  if (by === undefined) return frame
  const index = frame.fields.findIndex(
    (field) => getFieldDisplayName(field, frame) === by.displayName,
  )
  return index < 0 ? frame : sortDataFrame(frame, index, by.desc)
}
