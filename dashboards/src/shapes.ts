/** The kinds of panel: numbers, lines, heatmaps, states over time, text. */
import {
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  HideSeriesConfigBuilder,
  LegendDisplayMode,
  LegendPlacement,
  LineInterpolation,
  ReduceDataOptionsBuilder,
  ScaleDistribution,
  ScaleDistributionConfigBuilder,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizOrientation,
  VizTextDisplayOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import type { DynamicConfigValue, ValueMapping } from '@grafana/grafana-foundation-sdk/dashboard'
import {
  PanelBuilder as HeatmapBuilder,
  HeatmapColorMode,
  HeatmapColorOptionsBuilder,
  HeatmapTooltipBuilder,
  YAxisConfigBuilder,
} from '@grafana/grafana-foundation-sdk/heatmap'
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat'
import { PanelBuilder as TimelineBuilder } from '@grafana/grafana-foundation-sdk/statetimeline'
import { PanelBuilder as TextBuilder } from '@grafana/grafana-foundation-sdk/text'
import { PanelBuilder as GraphBuilder } from '@grafana/grafana-foundation-sdk/timeseries'
import { dress } from './dress.ts'
import {
  type Common,
  FAINT,
  fixedColor,
  LEAST_AXIS,
  NOTHING,
  nothingIs,
  property,
  type Tile,
  UNITS,
  words,
} from './panel.ts'
import { increase, series, sumBy } from './promql.ts'
import { type Needs, NOT_REPORTED, type Query, refId, targets } from './query.ts'

/** A panel that asks, and what it needs to get an answer. */
export interface Asking extends Common {
  readonly queries: readonly Query[]
  readonly needs?: Needs
}

export interface StatSpec extends Asking {
  readonly mappings?: readonly ValueMapping[]
  /** A line of what it was behind the number. */
  readonly trend?: true
}

/** Numbers of now, one tile for each series. */
export function stat(spec: StatSpec): Tile {
  const { queries, needs, mappings = [], trend, nothing = NOTHING } = spec
  const panel = new StatBuilder()
    .targets(targets(queries, trend === undefined ? 'instant' : 'range', needs))
    .mappings([...mappings, nothingIs(nothing)])
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']).fields('').values(false))
    .colorMode(BigValueColorMode.Value)
    .graphMode(trend === undefined ? BigValueGraphMode.None : BigValueGraphMode.Area)
    .textMode(BigValueTextMode.ValueAndName)
    .orientation(VizOrientation.Horizontal)
    .text(textSize(queries))
  if (needs !== undefined) panel.overrideByQuery(refId(queries.length), wordsForNotReported())
  return dress(panel, spec, { width: 6, height: 5 })
}

/** Of one size, whatever the names: Grafana would make all as small as the longest needs. */
function textSize(queries: readonly Query[]) {
  const isOne = queries.length === 1 && !queries[0]?.legend.includes('{{')
  return new VizTextDisplayOptionsBuilder().titleSize(14).valueSize(isOne ? 28 : 18)
}

export interface GraphSpec extends Asking {
  readonly stack?: 'values' | 'percent'
  /** Colours, or other properties, of series by a pattern of their names. */
  readonly looks?: Readonly<Record<string, readonly DynamicConfigValue[]>>
  readonly max?: number
  /** What is received is drawn below the axis, which must then reach down there. */
  readonly mirrored?: true
  /** Ratios: 2 is as far above 1 as 0.5 is below. */
  readonly doubling?: true
}

/** Lines over time. */
export function graph(spec: GraphSpec): Tile {
  const { queries, needs, stack, looks = {}, threshold, unit, max, mirrored, doubling } = spec
  const panel = new GraphBuilder()
    .targets(targets(queries, 'range', needs))
    .legend(legend())
    .tooltip(allInTooltip())
    .lineWidth(stack === undefined ? 2 : 1)
    .lineInterpolation(LineInterpolation.Linear)
    .fillOpacity(stack === undefined ? 8 : 60)
    .showPoints(VisibilityMode.Never)
    .spanNulls(false)
  if (doubling === undefined) {
    panel.axisSoftMin(mirrored === undefined ? 0 : -LEAST_AXIS[unit]).axisSoftMax(LEAST_AXIS[unit])
  } else {
    panel.scaleDistribution(new ScaleDistributionConfigBuilder().type(ScaleDistribution.Log).log(2))
  }
  if (mirrored !== undefined) {
    panel.overrideByRegexp('/received/', [property('custom.transform', 'negative-Y')])
  }
  if (max !== undefined) panel.max(max)
  if (stack !== undefined) {
    const mode = stack === 'percent' ? StackingMode.Percent : StackingMode.Normal
    panel.stacking(new StackingConfigBuilder().mode(mode).group('A'))
  }
  if (threshold !== undefined) {
    panel.thresholdsStyle(
      new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed),
    )
  }
  for (const [pattern, properties] of Object.entries(looks)) {
    panel.overrideByRegexp(pattern, [...properties])
  }
  if (needs !== undefined) panel.overrideByRegexp(`/${NOT_REPORTED}$/`, onlyInLegend())
  return dress(panel, spec, { width: 12, height: 8 })
}

export interface HeatmapSpec extends Common {
  /** Its buckets are shown; the unit is that of their bounds. */
  readonly histogram: string
  /** Matcher on `source`. */
  readonly of: string
}

/** How a distribution changes over time; one row with words instead of bounds if nobody can tell it. */
export function heatmap(spec: HeatmapSpec): Tile {
  const { histogram, of, unit } = spec
  const buckets = sumBy('le', increase(`${histogram}_bucket`, '$__rate_interval', of))
  const nobody = `max(${series('quic_exporter_source_capability', of, `signal="${histogram}"`)} @ end()) == 0`
  const expr = `${buckets} or label_replace(${nobody}, "le", "${NOT_REPORTED}", "", "")`
  const panel = new HeatmapBuilder()
    .targets(targets([{ expr, legend: '{{le}}' }], 'heatmap'))
    .calculate(false)
    .color(
      new HeatmapColorOptionsBuilder()
        .mode(HeatmapColorMode.Scheme)
        .scheme('Oranges')
        .exponent(0.5)
        .steps(64)
        .reverse(false),
    )
    .yAxis(new YAxisConfigBuilder().unit(UNITS[unit]))
    .cellGap(1)
    .showValue(VisibilityMode.Never)
    .tooltip(new HeatmapTooltipBuilder().mode(TooltipDisplayMode.Single).yHistogram(true))
    .hideLegend()
  return dress(panel, spec, { width: 12, height: 8 })
}

export interface TimelineSpec extends Asking {
  readonly mappings: readonly ValueMapping[]
}

/** Which state something was in, over time; one bar for each series. */
export function timeline(spec: TimelineSpec): Tile {
  const { queries, needs, mappings } = spec
  const panel = new TimelineBuilder()
    .targets(targets(queries, 'range', needs))
    .mappings([...mappings])
    .mergeValues(true)
    .rowHeight(0.8)
    .lineWidth(0)
    .fillOpacity(80)
    .showValue(VisibilityMode.Auto)
    .tooltip(allInTooltip())
    .legend(new VizLegendOptionsBuilder().showLegend(false))
  if (needs !== undefined) panel.overrideByQuery(refId(queries.length), wordsForNotReported(FAINT))
  return dress(panel, spec, { width: 24, height: 6 })
}

/** A text to read. */
export function text(spec: {
  readonly title: string
  readonly about: string
  readonly markdown: string
  readonly width?: number
  readonly height?: number
}): Tile {
  const { title, about, markdown, width = 24, height = 8 } = spec
  const panel = new TextBuilder().title(title).description(about).content(markdown)
  return { width, height, panel }
}

function legend() {
  return new VizLegendOptionsBuilder()
    .showLegend(true)
    .displayMode(LegendDisplayMode.List)
    .placement(LegendPlacement.Bottom)
    .calcs([])
}

function allInTooltip() {
  return new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending)
}

/** The 0 of the query that finds who cannot tell is no number of the panel. */
function wordsForNotReported(color = 'text'): DynamicConfigValue[] {
  return [
    property('mappings', [words({ 0: [NOT_REPORTED, color] })]),
    property('displayName', `\${__field.labels.source}`),
  ]
}

/** Nothing is drawn for it and it moves no axis: only its name is there to be read. */
function onlyInLegend(): DynamicConfigValue[] {
  const hide = new HideSeriesConfigBuilder().viz(true).tooltip(true).legend(false).build()
  return [property('custom.hideFrom', hide), fixedColor('text')]
}
