/** A dashboard: rows of tiles, laid out from left to right, under the variables that all dashboards share. */
import {
  AnnotationQueryBuilder,
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  type Panel,
  type RowPanel,
  type VariableModel,
} from '@grafana/grafana-foundation-sdk/dashboard'
import type { Tile } from './panel.ts'
import { DATASOURCE } from './query.ts'
import { text } from './shapes.ts'
import { type Variable, variables } from './variables.ts'

export interface Row {
  readonly title: string
  readonly tiles: readonly Tile[]
}

export interface Board {
  readonly uid: string
  readonly title: string
  readonly about: string
  /** Besides datasource, job and instance. */
  readonly variables: readonly Variable[]
  /** `now-…`, where it begins if nobody says otherwise. */
  readonly from?: string
  readonly rows: readonly Row[]
  /** Markdown of the folded row at the end. */
  readonly help: string
}

/** The tag by which the dashboards find each other. */
export const TAG = 'quic-lb'

const COLUMNS = 24

/** The JSON that Grafana imports. */
export function render(board: Board): Dashboard {
  const { uid, title, about, from = 'now-1h' } = board
  const dashboard = new DashboardBuilder(title)
    .uid(uid)
    .description(about)
    .tags([TAG])
    .readonly()
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from, to: 'now' })
    .timezone('browser')
    .refresh('5s')
    .version(1)
    .variables(variables(board.variables))
    .annotation(alertsOnTheTimeAxis())
    .link(toTheOthers())
    .build()
  return { ...dashboard, templating: { list: plain(dashboard) }, panels: layOut(board) }
}

/** Without the settings of another kind of variable, that of intervals. */
function plain({ templating }: Dashboard): VariableModel[] {
  return (templating?.list ?? []).map((variable) => {
    const { auto: _, auto_min: __, auto_count: ___, ...rest } = variable
    return rest as VariableModel
  })
}

function layOut({ rows, help }: Board): (Panel | RowPanel)[] {
  const panels: (Panel | RowPanel)[] = []
  let y = 0
  let id = 0
  const nextId = () => {
    id += 1
    return id
  }
  for (const { title, tiles } of rows) {
    panels.push({ ...rowHead(title, y, nextId()), collapsed: false })
    y += 1
    const placed = place(tiles, y, nextId)
    panels.push(...placed.panels)
    y = placed.bottom
  }
  const head = rowHead('Help', y, nextId())
  const about = 'How to read this dashboard, and what to do next'
  const { panels: inside } = place([text({ title: 'Help', about, markdown: help })], y + 1, nextId)
  panels.push({ ...head, collapsed: true, panels: inside })
  return panels
}

/** Tiles from left to right; those beside each other are of one height. */
function place(tiles: readonly Tile[], top: number, nextId: () => number) {
  const panels: Panel[] = []
  let x = 0
  let y = top
  let lineHeight = 0
  for (const { width, height, panel } of tiles) {
    const { repeatDirection: _, ...built } = panel.build()
    if (x === 0) lineHeight = height
    if (x + width > COLUMNS || height !== lineHeight) {
      throw new Error(`${built.title}: does not fit beside the others`)
    }
    panels.push({ ...built, id: nextId(), gridPos: { h: height, w: width, x, y } })
    x += width
    if (x === COLUMNS) {
      x = 0
      y += height
    }
  }
  if (x !== 0) throw new Error(`${tiles.at(-1)?.panel.build().title}: a gap beside it`)
  return { panels, bottom: y }
}

function rowHead(title: string, y: number, id: number): RowPanel {
  return { type: 'row', title, collapsed: false, id, gridPos: { h: 1, w: 24, x: 0, y }, panels: [] }
}

function alertsOnTheTimeAxis() {
  return new AnnotationQueryBuilder()
    .name('Alerts')
    .datasource(DATASOURCE)
    .enable(true)
    .iconColor('red')
    .expr('ALERTS{job=~"$job|", instance=~"$instance|", alertname=~"Quic.+", alertstate="firing"}')
    .titleFormat('{{alertname}}')
    .textFormat('{{severity}} {{source}} {{backend}}')
    .step('30s')
}

function toTheOthers() {
  return new DashboardLinkBuilder('QUIC dashboards')
    .type(DashboardLinkType.Dashboards)
    .tags([TAG])
    .includeVars(true)
    .keepTime(true)
}
