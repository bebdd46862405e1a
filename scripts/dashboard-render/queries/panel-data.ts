import type { Dashboard, Panel, Target } from '../dashboard.ts'
import { milliseconds, roundStep } from './durations.ts'
import { type Frame, framesOf } from './frames.ts'
import type { Prometheus, TimeRange } from './prometheus.ts'
import { builtIn, type Chosen, substitute, substituteShown } from './variables.ts'

/** What a panel is drawn from. */
export interface PanelData {
  readonly id: number
  readonly frames: readonly Frame[]
  /** What Prometheus said instead of answering. */
  readonly error?: string
}

/** How the data source is set up: the scrape interval, as Grafana's `timeInterval`. */
export interface Asking {
  readonly prometheus: Prometheus
  readonly range: TimeRange
  readonly scrapeMs: number
  readonly chosen: readonly Chosen[]
  /** Width in px of one column of the grid: a panel asks for about a point per px. */
  readonly columnWidth: number
}

/** Asks every query of every panel that is to be seen: those of a collapsed row are not. */
export async function askPanels(dashboard: Dashboard, asking: Asking): Promise<PanelData[]> {
  const data: PanelData[] = []
  for (const panel of dashboard.panels) data.push(await askPanel(panel, asking))
  return data
}

async function askPanel(panel: Panel, asking: Asking): Promise<PanelData> {
  const targets = (panel.targets ?? []).filter(({ expr, hide }) => expr && !hide)
  try {
    const frames = await Promise.all(
      targets.map((target) => askTarget(target, panel, asking, targets.length > 1)),
    )
    return { id: panel.id, frames: frames.flat() }
  } catch (error) {
    return { id: panel.id, frames: [], error: error instanceof Error ? error.message : `${error}` }
  }
}

async function askTarget(
  target: Target,
  panel: Panel,
  { prometheus, range, scrapeMs, chosen, columnWidth }: Asking,
  isOneOfSeveral: boolean,
): Promise<Frame[]> {
  const points = panel.maxDataPoints ?? Math.round(panel.gridPos.w * columnWidth)
  const wanted = substitute(target.interval || panel.interval || '', chosen)
  const smallestMs = wanted === '' ? scrapeMs : milliseconds(wanted.replace(/^>/, ''))
  const stepMs = roundStep(range.to - range.from, points, smallestMs)
  const expression = substitute(target.expr ?? '', [...builtIn(range, stepMs, scrapeMs), ...chosen])
  const series = target.instant
    ? await prometheus.instant(expression, range.to)
    : await prometheus.range(expression, range, stepMs)
  const legendFormat = substituteShown(target.legendFormat ?? '', chosen)
  return framesOf({ ...target, legendFormat }, series, stepMs, isOneOfSeveral)
}
