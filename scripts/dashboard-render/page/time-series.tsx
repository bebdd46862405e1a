import { type DataFrame, FieldType } from '@grafana/data'
import { LegendDisplayMode, type VizLegendOptions } from '@grafana/schema'
import { TimeSeries } from '@grafana/ui'
import { type Drawing, option } from './drawing.ts'
import { NoData } from './no-data.tsx'

const LEGEND: VizLegendOptions = {
  displayMode: LegendDisplayMode.List,
  placement: 'bottom',
  showLegend: true,
  calcs: [],
}

/** A field's values, with gaps where Prometheus answered "not a number". */
function finite(frame: DataFrame): DataFrame {
  const fields = frame.fields.map((field) =>
    field.type === FieldType.number
      ? { ...field, values: field.values.map((value) => (Number.isFinite(value) ? value : null)) }
      : field,
  )
  return { ...frame, fields }
}

/** Lines, areas or bars over time. */
export function TimeSeriesPanel({ panel, frames, range, width, height }: Drawing) {
  const drawn = frames
    .filter(({ fields }) => fields.some(({ type }) => type === FieldType.time))
    .map(finite)
  if (!drawn.some(({ length }) => length > 0)) return <NoData panel={panel} />
  return (
    <TimeSeries
      frames={drawn}
      structureRev={1}
      timeRange={range}
      timeZone="utc"
      width={width}
      height={height}
      legend={{ ...LEGEND, ...option(panel, 'legend', {}) }}
    />
  )
}
