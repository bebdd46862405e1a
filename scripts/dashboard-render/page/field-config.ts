import {
  applyFieldOverrides,
  type DataFrame,
  FieldColorModeId,
  FieldConfigOptionsRegistry,
  type FieldConfigPropertyItem,
  type FieldConfigSource,
  type GrafanaTheme2,
  standardTransformers,
  standardTransformersRegistry,
  type ThresholdsConfig,
  ThresholdsMode,
  transformDataFrame,
} from '@grafana/data'
import { lastValueFrom } from 'rxjs'
import type { Panel } from '../dashboard.ts'
import { replaceFieldNames } from './field-names.ts'

/** Settings of a field that every panel type knows. */
const STANDARD = [
  'unit',
  'min',
  'max',
  'decimals',
  'displayName',
  'noValue',
  'description',
  'thresholds',
  'mappings',
  'color',
  'links',
  'filterable',
  'fieldMinMax',
  'unitScale',
]

/** Settings that Grafana's panel types have without being told; the rest is false or empty. */
const CUSTOM_DEFAULTS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  timeseries: {
    drawStyle: 'line',
    lineInterpolation: 'linear',
    lineWidth: 1,
    fillOpacity: 0,
    gradientMode: 'none',
    pointSize: 5,
    showPoints: 'auto',
    spanNulls: false,
    insertNulls: false,
    barAlignment: 0,
    barWidthFactor: 0.6,
    stacking: { mode: 'none', group: 'A' },
    axisPlacement: 'auto',
    axisLabel: '',
    scaleDistribution: { type: 'linear' },
    axisColorMode: 'text',
    axisBorderShow: false,
    axisCenteredZero: false,
    thresholdsStyle: { mode: 'off' },
    hideFrom: { tooltip: false, viz: false, legend: false },
  },
}

/** Colours and thresholds that Grafana takes if the dashboard says nothing. */
const THRESHOLDS: ThresholdsConfig = {
  mode: ThresholdsMode.Absolute,
  steps: [
    { value: -Infinity, color: 'green' },
    { value: 80, color: 'red' },
  ],
}
const colourOf = (type: string) => ({
  mode: type === 'timeseries' ? FieldColorModeId.PaletteClassic : FieldColorModeId.Thresholds,
})

type Overrides = FieldConfigSource['overrides']

/** Thresholds start at minus infinity, which JSON writes as null. */
function withInfinity(config: FieldConfigSource): FieldConfigSource {
  const revive = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(revive)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => {
        if (key !== 'steps' || !Array.isArray(inner)) return [key, revive(inner)]
        const steps = inner.map((step) => ({ ...step, value: step.value ?? -Infinity }))
        return [key, steps]
      }),
    )
  }
  return revive(config) as FieldConfigSource
}

/** The panel's field settings, complete: with what its type has by default. */
export function fieldConfigOf({ type, fieldConfig }: Panel): FieldConfigSource {
  const { defaults = {}, overrides = [] } = withInfinity((fieldConfig ?? {}) as FieldConfigSource)
  const custom = { ...CUSTOM_DEFAULTS[type], ...defaults.custom }
  const usual = { color: colourOf(type), thresholds: THRESHOLDS }
  return { defaults: { ...usual, ...defaults, custom }, overrides }
}

function registryFor({ defaults, overrides }: FieldConfigSource): FieldConfigOptionsRegistry {
  const overridden = (overrides as Overrides).flatMap(({ properties }) =>
    properties.map(({ id }) => id).filter((id) => id.startsWith('custom.')),
  )
  const preset = Object.keys(defaults.custom ?? {}).map((key) => `custom.${key}`)
  const items = [...STANDARD, ...new Set([...preset, ...overridden])].map(
    (id): FieldConfigPropertyItem => ({
      id,
      name: id,
      path: id.replace(/^custom\./, ''),
      isCustom: id.startsWith('custom.'),
      editor: () => null,
      override: () => null,
      process: (value, { field }) =>
        id === 'displayName' && value ? replaceFieldNames(value, field?.state?.scopedVars) : value,
      shouldApply: () => true,
    }),
  )
  return new FieldConfigOptionsRegistry(() => items)
}

standardTransformersRegistry.setInit(() =>
  // One of them has two names in the list.
  [...new Set(Object.values(standardTransformers))].map((transformation) => ({
    id: transformation.id,
    name: transformation.name,
    transformation,
    editor: () => null,
  })),
)

/** The frames as the panel shows them: transformed, then each field with its settings. */
export async function prepareFrames(
  panel: Panel,
  frames: readonly DataFrame[],
  theme: GrafanaTheme2,
): Promise<DataFrame[]> {
  const configurations = [...(panel.transformations ?? [])] as Parameters<
    typeof transformDataFrame
  >[0]
  const context = { interpolate: (text: string) => text }
  const transformed = await lastValueFrom(transformDataFrame(configurations, [...frames], context))
  const fieldConfig = fieldConfigOf(panel)
  return applyFieldOverrides({
    data: transformed,
    fieldConfig,
    fieldConfigRegistry: registryFor(fieldConfig),
    replaceVariables: replaceFieldNames,
    theme,
    timeZone: 'utc',
  })
}
