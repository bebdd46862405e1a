import { PanelChrome } from '@grafana/ui'
import type { ComponentType } from 'react'
import { BarGaugePanel } from './bar-gauge.tsx'
import type { Drawing } from './drawing.ts'
import { HeatmapPanel } from './heatmap.tsx'
import { isEmpty, mostPoints } from './no-data.tsx'
import { PanelBoundary } from './panel-boundary.tsx'
import { StatPanel } from './stat.tsx'
import { StateTimelinePanel } from './state-timeline.tsx'
import { TablePanel } from './table.tsx'
import { TextPanel } from './text.tsx'
import { TimeSeriesPanel } from './time-series.tsx'

const PANELS: Readonly<Record<string, ComponentType<Drawing>>> = {
  bargauge: BarGaugePanel,
  heatmap: HeatmapPanel,
  stat: StatPanel,
  'state-timeline': StateTimelinePanel,
  table: TablePanel,
  text: TextPanel,
  timeseries: TimeSeriesPanel,
}

/** Types that show how something goes on. */
const OVER_TIME = new Set(['heatmap', 'state-timeline', 'timeseries'])

interface Props extends Drawing {
  /** What Prometheus said instead of answering. */
  readonly error: string | undefined
}

/** A panel in its frame; an error, or a type that is not drawn here, is said in its place. */
export function PanelView({ error, ...drawing }: Props) {
  const { panel, frames, width, height } = drawing
  const Content = PANELS[panel.type]
  const trouble = error ?? (Content ? undefined : `type ${panel.type} is not drawn here`)
  const hasNothing = (panel.targets ?? []).length > 0 && isEmpty(frames)
  const state = trouble === undefined ? (hasNothing ? 'no data' : 'drawn') : 'error'
  return (
    <PanelChrome
      title={panel.title ?? ''}
      description={panel.description ?? ''}
      width={width}
      height={height}
    >
      {(innerWidth, innerHeight) => (
        <div
          data-state={state}
          data-points={OVER_TIME.has(panel.type) ? mostPoints(frames) : undefined}
          style={{ width: innerWidth, height: innerHeight }}
        >
          {trouble === undefined && Content ? (
            <PanelBoundary>
              <Content {...drawing} width={innerWidth} height={innerHeight} />
            </PanelBoundary>
          ) : (
            <div className="trouble">{trouble}</div>
          )}
        </div>
      )}
    </PanelChrome>
  )
}
