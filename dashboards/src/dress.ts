/** Title, text, unit, colours and links: the same for every kind of panel. */
import {
  DashboardLinkBuilder,
  DashboardLinkType,
  FieldColorBuilder,
  FieldColorModeId,
} from '@grafana/grafana-foundation-sdk/dashboard'
import type { PanelBuilder as HeatmapBuilder } from '@grafana/grafana-foundation-sdk/heatmap'
import type { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat'
import type { PanelBuilder as TimelineBuilder } from '@grafana/grafana-foundation-sdk/statetimeline'
import type { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table'
import type { PanelBuilder as GraphBuilder } from '@grafana/grafana-foundation-sdk/timeseries'
import { type Common, NOTHING, steps, UNITS } from './panel.ts'
import { DATASOURCE } from './query.ts'

type AnyBuilder = GraphBuilder | StatBuilder | HeatmapBuilder | TimelineBuilder | TableBuilder

/** Dresses a panel whose width and height are `size`, or its own. */
export function dress<B extends AnyBuilder>(
  panel: B,
  common: Common,
  size: { readonly width: number; readonly height: number },
) {
  const { title, about, unit, threshold, nothing = NOTHING, decimals, more } = common
  panel
    .title(title)
    .description(about)
    .datasource(DATASOURCE)
    .unit(UNITS[unit])
    .noValue(nothing)
    .thresholds(steps(threshold))
    .colorScheme(
      new FieldColorBuilder().mode(
        panelNeedsPalette(panel) ? FieldColorModeId.PaletteClassic : FieldColorModeId.Thresholds,
      ),
    )
  if (decimals !== undefined) panel.decimals(decimals)
  if (more !== undefined) panel.links([linkTo(more)])
  return { ...size, ...definedSize(common), panel }
}

function definedSize({ width, height }: Common) {
  return { ...(width === undefined ? {} : { width }), ...(height === undefined ? {} : { height }) }
}

/** Lines are told apart by their colours; everything else is coloured by its thresholds. */
function panelNeedsPalette(panel: AnyBuilder): boolean {
  return panel.build().type === 'timeseries'
}

function linkTo(uid: string): DashboardLinkBuilder {
  return new DashboardLinkBuilder('More of this')
    .type(DashboardLinkType.Link)
    .url(`/d/${uid}?\${__all_variables}&\${__url_time_range}`)
}
