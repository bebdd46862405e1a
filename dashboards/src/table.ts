/** A table with one line for each backend, source, … and a column for each question. */
import type { DynamicConfigValue, ValueMapping } from '@grafana/grafana-foundation-sdk/dashboard'
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table'
import { dress } from './dress.ts'
import { type Common, nothingIs, property, steps, type Tile, UNITS, type Unit } from './panel.ts'
import { refId, targets } from './query.ts'
import type { Threshold } from './thresholds.ts'

export interface Column {
  readonly name: string
  readonly expr: string
  readonly unit: Unit
  readonly threshold?: Threshold
  readonly mappings?: readonly ValueMapping[]
  readonly decimals?: number
}

export interface TableSpec extends Omit<Common, 'unit'> {
  /** Labels that all questions are asked by, and the heads of their columns. */
  readonly labels: Readonly<Record<string, string>>
  readonly columns: readonly Column[]
}

/** Answers of now; a cell without a value is a dash. */
export function table(spec: TableSpec): Tile {
  const { labels, columns } = spec
  const names = Object.fromEntries(
    columns.map(({ name }, index) => [valueField(columns.length, index), name]),
  )
  const order = [...Object.keys(labels), ...Object.keys(names)]
  const queries = columns.map(({ expr, name }) => ({ expr, legend: name }))
  const panel = new TableBuilder().targets(targets(queries, 'table')).transformations([
    { id: 'merge', options: {} },
    {
      id: 'organize',
      options: {
        excludeByName: { Time: true },
        indexByName: Object.fromEntries(order.map((field, index) => [field, index])),
        renameByName: { ...labels, ...names },
      },
    },
  ])
  for (const column of columns) panel.overrideByName(column.name, look(column))
  return dress(panel, { ...spec, unit: 'none' }, { width: 24, height: 7 })
}

/** Grafana calls the value after its question only where there are several. */
function valueField(count: number, index: number): string {
  return count === 1 ? 'Value' : `Value #${refId(index)}`
}

function look({ unit, threshold, mappings = [], decimals }: Column): DynamicConfigValue[] {
  return [
    property('unit', UNITS[unit]),
    property('noValue', '–'),
    property('mappings', [...mappings, nothingIs('–')]),
    ...(decimals === undefined ? [] : [property('decimals', decimals)]),
    ...(threshold === undefined && mappings.length === 0
      ? []
      : [property('custom.cellOptions', { type: 'color-text' })]),
    ...(threshold === undefined ? [] : [property('thresholds', steps(threshold).build())]),
  ]
}
