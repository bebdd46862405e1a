import {
  type DisplayValueAlignmentFactors,
  type FieldDisplay,
  getDisplayValueAlignmentFactors,
  VizOrientation,
} from '@grafana/data'
import { BarGaugeDisplayMode, BarGaugeNamePlacement, BarGaugeValueMode } from '@grafana/schema'
import { BarGauge, VizRepeater } from '@grafana/ui'
import { type Drawing, option } from './drawing.ts'
import { displayValues } from './stat.tsx'

/** One bar per value. */
export function BarGaugePanel(drawing: Drawing) {
  const { panel, frames, theme, width, height } = drawing
  const orientation = option(panel, 'orientation', VizOrientation.Auto)
  const displayMode = option<BarGaugeDisplayMode>(
    panel,
    'displayMode',
    BarGaugeDisplayMode.Gradient,
  )
  return (
    <VizRepeater<FieldDisplay, DisplayValueAlignmentFactors>
      getValues={() => displayValues(drawing, false)}
      getAlignmentFactors={getDisplayValueAlignmentFactors}
      renderValue={({ value, alignmentFactors, orientation, width, height, count }) => (
        <BarGauge
          value={count === 1 ? { ...value.display, title: '' } : value.display}
          field={value.field}
          display={value.view?.getFieldDisplayProcessor(value.colIndex ?? 0)}
          width={width}
          height={height}
          orientation={orientation}
          theme={theme}
          itemSpacing={displayMode === BarGaugeDisplayMode.Lcd ? 2 : 10}
          displayMode={displayMode}
          alignmentFactors={alignmentFactors}
          showUnfilled={option(panel, 'showUnfilled', true)}
          valueDisplayMode={option(panel, 'valueMode', BarGaugeValueMode.Color)}
          namePlacement={option(panel, 'namePlacement', BarGaugeNamePlacement.Auto)}
        />
      )}
      width={width}
      height={height}
      source={frames}
      itemSpacing={10}
      renderCounter={1}
      minVizWidth={option(panel, 'minVizWidth', 8)}
      minVizHeight={option(panel, 'minVizHeight', 16)}
      orientation={orientation}
    />
  )
}
