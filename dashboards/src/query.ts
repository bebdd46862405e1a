/** One question of a panel to Prometheus. */
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus'
import { notReported, SOURCE } from './promql.ts'

/** The datasource that was chosen above the panels. */
export const DATASOURCE = { type: 'prometheus', uid: `\${datasource}` } as const

/** What a panel says where a capability is 0; overrides look for it. */
export const NOT_REPORTED = 'not reported by this proxy'

export interface Query {
  readonly expr: string
  /** Name of each series, with labels as `{{label}}`. */
  readonly legend: string
}

/** Metrics without which a panel has nothing to show. */
export interface Needs {
  readonly signals: readonly string[]
  /** Whose: a matcher on `source`, that of the chosen QUIC source if not given. */
  readonly of?: string
  /** Of several sources only those that can tell this metric at all are of the panel's kind. */
  readonly like?: string
}

/** How its answer is wanted. */
export type Shape = 'range' | 'instant' | 'table' | 'heatmap'

/** The questions of a panel: `A`, `B`, … and, if it needs something, what says who cannot tell it. */
export function targets(queries: readonly Query[], shape: Shape, needs?: Needs) {
  const all = [...queries, ...(needs === undefined ? [] : [notReportedQuery(needs)])]
  return all.map(({ expr, legend }, index) => {
    const query = new DataqueryBuilder()
      .datasource(DATASOURCE)
      .refId(refId(index))
      .expr(expr)
      .legendFormat(legend)
    if (shape === 'heatmap') query.format(PromQueryFormat.Heatmap)
    if (shape === 'table') query.format(PromQueryFormat.Table)
    return shape === 'range' || shape === 'heatmap' ? query.range() : query.instant()
  })
}

/** Letter of a question. */
export function refId(index: number): string {
  return String.fromCharCode(65 + index)
}

function notReportedQuery({ signals, of = SOURCE, like }: Needs): Query {
  const what = signals.length > 1 ? '{{source}} {{signal}}' : '{{source}}'
  return { expr: notReported(signals, of, like), legend: `${what}: ${NOT_REPORTED}` }
}
