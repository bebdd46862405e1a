import {
  type DisplayValueAlignmentFactors,
  type FieldDisplay,
  getDisplayValueAlignmentFactors,
  getFieldDisplayValues,
  type ReduceDataOptions,
  VizOrientation,
} from '@grafana/data'
import {
  BigValue,
  BigValueColorMode,
  BigValueGraphMode,
  BigValueJustifyMode,
  BigValueTextMode,
  VizRepeater,
} from '@grafana/ui'
import { type Drawing, option } from './drawing.ts'
import { fieldConfigOf } from './field-config.ts'
import { replaceFieldNames } from './field-names.ts'

const REDUCE: ReduceDataOptions = { values: false, calcs: ['lastNotNull'], fields: '' }

/** The values that a stat or a bar gauge shows. */
export function displayValues({ panel, frames, theme }: Drawing, sparkline: boolean) {
  return getFieldDisplayValues({
    fieldConfig: fieldConfigOf(panel),
    reduceOptions: { ...REDUCE, ...option(panel, 'reduceOptions', {}) },
    replaceVariables: replaceFieldNames,
    theme,
    data: [...frames],
    sparkline,
    timeZone: 'utc',
  })
}

/** Big numbers, each on its threshold's colour. */
export function StatPanel(drawing: Drawing) {
  const { panel, frames, theme, width, height } = drawing
  const graphMode = option<BigValueGraphMode>(panel, 'graphMode', BigValueGraphMode.Area)
  return (
    <VizRepeater<FieldDisplay, DisplayValueAlignmentFactors>
      getValues={() => displayValues(drawing, graphMode !== BigValueGraphMode.None)}
      getAlignmentFactors={getDisplayValueAlignmentFactors}
      renderValue={({ value, alignmentFactors, width, height, count }) => (
        <BigValue
          value={value.display}
          count={count}
          sparkline={value.sparkline}
          colorMode={option(panel, 'colorMode', BigValueColorMode.Value)}
          graphMode={graphMode}
          justifyMode={option(panel, 'justifyMode', BigValueJustifyMode.Auto)}
          textMode={option(panel, 'textMode', BigValueTextMode.Auto)}
          alignmentFactors={alignmentFactors}
          text={option(panel, 'text', undefined)}
          width={width}
          height={height}
          theme={theme}
        />
      )}
      width={width}
      height={height}
      source={frames}
      itemSpacing={3}
      renderCounter={1}
      autoGrid={true}
      orientation={option(panel, 'orientation', VizOrientation.Auto)}
    />
  )
}
