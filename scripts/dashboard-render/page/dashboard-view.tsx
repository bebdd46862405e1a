import { type DataFrame, dateTime, type GrafanaTheme2, type TimeRange } from '@grafana/data'
import type { Dashboard, GridPosition, Panel } from '../dashboard.ts'
import type { PanelData } from '../queries/panel-data.ts'
import type { Chosen } from '../queries/variables.ts'
import { PanelView } from './panel.tsx'

/** What is between the panels, and how high a row of the grid is, in px. */
const GAP = 8
const ROW = 30
const COLUMNS = 24
const HEAD = 76

export interface PreparedPanel {
  readonly panel: Panel
  readonly data: PanelData | undefined
  readonly frames: readonly DataFrame[]
}

interface Props {
  readonly dashboard: Dashboard
  readonly panels: readonly PreparedPanel[]
  readonly chosen: readonly Chosen[]
  readonly range: TimeRange
  readonly theme: GrafanaTheme2
  readonly width: number
}

/** A whole dashboard: head, rows, panels where its grid wants them. */
export function DashboardView({ dashboard, panels, chosen, range, theme, width }: Props) {
  const column = (width + GAP) / COLUMNS
  const place = ({ x, y, w, h }: GridPosition) => ({
    left: x * column,
    top: HEAD + y * (ROW + GAP),
    width: w * column - GAP,
    height: h * (ROW + GAP) - GAP,
  })
  const bottom = Math.max(...panels.map(({ panel: { gridPos } }) => gridPos.y + gridPos.h))
  return (
    <main style={{ width, height: HEAD + bottom * (ROW + GAP) }}>
      <Head dashboard={dashboard} chosen={chosen} range={range} />
      {panels.map(({ panel, data, frames }) => {
        const box = place(panel.gridPos)
        return (
          <section
            key={panel.id}
            data-panel={panel.type === 'row' ? undefined : panel.id}
            style={box}
          >
            {panel.type === 'row' ? (
              <h2>
                {panel.collapsed ? '›' : '⌄'} {panel.title}
                {panel.collapsed && <small>({panel.panels?.length ?? 0} panels)</small>}
              </h2>
            ) : (
              <PanelView
                panel={panel}
                frames={frames}
                error={data?.error}
                range={range}
                theme={theme}
                width={box.width}
                height={box.height}
              />
            )}
          </section>
        )
      })}
    </main>
  )
}

function Head({ dashboard, chosen, range }: Pick<Props, 'dashboard' | 'chosen' | 'range'>) {
  const time = (ms: number) => dateTime(ms).utc().format('HH:mm:ss')
  return (
    <header>
      <h1>{dashboard.title}</h1>
      <nav>
        {(dashboard.links ?? []).map(({ title }) => (
          <span key={title}>{title}</span>
        ))}
      </nav>
      <p>
        {chosen
          .filter(({ isHidden }) => !isHidden)
          .map(({ name, label, shown }) => (
            <span key={name} className="variable">
              <b>{label}</b> {shown || '(none)'}
            </span>
          ))}
        <span className="range">
          {time(range.from.valueOf())} to {time(range.to.valueOf())} UTC
        </span>
        <em>preview, not drawn by Grafana</em>
      </p>
    </header>
  )
}
