import type { Target } from '../dashboard.ts'
import type { Series } from './prometheus.ts'

/** A column as @grafana/data knows it; times are ms since 1970. */
export interface Field {
  readonly name: string
  readonly type: 'time' | 'number' | 'string'
  readonly labels?: Readonly<Record<string, string>>
  readonly config: { readonly displayNameFromDS?: string; readonly interval?: number }
  readonly values: readonly (number | string | null)[]
}

/** A table of columns of one length. */
export interface Frame {
  readonly refId: string
  readonly meta?: { readonly type: string }
  readonly length: number
  readonly fields: readonly Field[]
}

/** The frames that Grafana's Prometheus data source makes of an answer, by the target's format. */
export function framesOf(
  target: Target,
  series: readonly Series[],
  stepMs: number,
  isOneOfSeveral: boolean,
): Frame[] {
  switch (target.format) {
    case 'table':
      return series.length === 0 ? [] : [table(target, series, isOneOfSeveral)]
    case 'heatmap':
      return bucketGroups(series).map((group) => bucketRows(target, group, stepMs))
    default:
      return series.map((one) => timeSeries(target, one, stepMs))
  }
}

function timeSeries(target: Target, { metric, samples }: Series, stepMs: number): Frame {
  const displayName = legend(target.legendFormat, metric)
  const { __name__, ...labels } = metric
  return {
    refId: target.refId,
    length: samples.length,
    fields: [
      times(samples, stepMs),
      {
        name: displayName ?? __name__ ?? 'Value',
        type: 'number',
        labels,
        config: displayName === undefined ? {} : { displayNameFromDS: displayName },
        values: samples.map(([, value]) => value),
      },
    ],
  }
}

/** The legend's text; undefined if Grafana is to make one of the labels that differ. */
function legend(format: string | undefined, metric: Series['metric']): string | undefined {
  if (format === undefined || format === '' || format === '__auto') return undefined
  return format.replace(/\{\{\s*(.+?)\s*\}\}/g, (_, label: string) => metric[label] ?? label)
}

function times(samples: Series['samples'], stepMs: number): Field {
  return {
    name: 'Time',
    type: 'time',
    config: { interval: stepMs },
    values: samples.map(([seconds]) => seconds * 1000),
  }
}

/** All series in one table: time, every label, value. */
function table(target: Target, series: readonly Series[], isOneOfSeveral: boolean): Frame {
  const labels = [...new Set(series.flatMap(({ metric }) => Object.keys(metric)))].sort()
  const rows = series.flatMap(({ metric, samples }) =>
    samples.map(([seconds, value]) => ({ metric, ms: seconds * 1000, value })),
  )
  return {
    refId: target.refId,
    length: rows.length,
    fields: [
      { name: 'Time', type: 'time', config: {}, values: rows.map(({ ms }) => ms) },
      ...labels.map(
        (name): Field => ({
          name,
          type: 'string',
          config: {},
          values: rows.map(({ metric }) => metric[name] ?? ''),
        }),
      ),
      {
        name: isOneOfSeveral ? `Value #${target.refId}` : 'Value',
        type: 'number',
        config: {},
        values: rows.map(({ value }) => value),
      },
    ],
  }
}

/** Buckets that belong to one histogram, by their labels apart from `le`. */
function bucketGroups(series: readonly Series[]): Series[][] {
  const groups = Map.groupBy(series, ({ metric: { le, ...rest } }) => JSON.stringify(rest))
  return [...groups.values()]
}

/** One field per bucket, from the lowest, each with what lies in it and not below it. */
function bucketRows(target: Target, series: readonly Series[], stepMs: number): Frame {
  const upper = ({ metric }: Series) => Number((metric.le ?? 'NaN').replace('Inf', 'Infinity'))
  const sorted = [...series].sort((a, b) => upper(a) - upper(b))
  const all = [...new Set(sorted.flatMap(({ samples }) => samples.map(([seconds]) => seconds)))]
  all.sort((a, b) => a - b)
  const cumulative = sorted.map(({ samples }) => {
    const known = new Map(samples)
    return all.map((seconds) => known.get(seconds))
  })
  return {
    refId: target.refId,
    meta: { type: 'heatmap-rows' },
    length: all.length,
    fields: [
      times(
        all.map((seconds) => [seconds, 0] as const),
        stepMs,
      ),
      ...sorted.map(
        ({ metric }, index): Field => ({
          name: legend(target.legendFormat, metric) ?? metric.le ?? 'Value',
          type: 'number',
          config: {},
          values: all.map((_, at) =>
            difference(cumulative[index]?.[at], cumulative[index - 1]?.[at]),
          ),
        }),
      ),
    ],
  }
}

function difference(upTo: number | undefined, below: number | undefined): number | null {
  return upTo === undefined ? null : Math.max(0, upTo - (below ?? 0))
}
