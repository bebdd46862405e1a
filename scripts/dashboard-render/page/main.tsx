import { createTheme, type DataFrame, dateTime, ThemeContext, type TimeRange } from '@grafana/data'
import { GlobalStyles } from '@grafana/ui'
import { createRoot } from 'react-dom/client'
import 'uplot/dist/uPlot.min.css'
import type { TimeRange as Milliseconds } from '../queries/prometheus.ts'
import { DashboardView } from './dashboard-view.tsx'
import { prepareFrames } from './field-config.ts'
import './page.css'
import './scene.ts'

const theme = createTheme({ colors: { mode: 'dark' } })

window.draw = async ({ dashboard, data, chosen, range, width }) => {
  const panels = await Promise.all(
    dashboard.panels.map(async (panel) => {
      const own = data.find(({ id }) => id === panel.id)
      const frames = await prepareFrames(panel, (own?.frames ?? []) as DataFrame[], theme)
      return { panel, data: own, frames }
    }),
  )
  const root = document.querySelector('#root')
  if (root === null) throw new Error('the page has no #root')
  createRoot(root).render(
    <ThemeContext.Provider value={theme}>
      <GlobalStyles />
      <DashboardView
        dashboard={dashboard}
        panels={panels}
        chosen={chosen}
        range={timeRange(range)}
        theme={theme}
        width={width}
      />
    </ThemeContext.Provider>,
  )
  await settled()
}

function timeRange({ from, to }: Milliseconds): TimeRange {
  const ends = { from: dateTime(from), to: dateTime(to) }
  return { ...ends, raw: ends }
}

/** Fonts are there, icons are in, and nothing in the page has changed for a moment. */
async function settled(): Promise<void> {
  await document.fonts.ready
  await new Promise<void>((resolve) => {
    let calm = setTimeout(resolve, CALM_MS)
    new MutationObserver(() => {
      clearTimeout(calm)
      calm = setTimeout(resolve, CALM_MS)
    }).observe(document.body, { subtree: true, childList: true, attributes: true })
  })
}

const CALM_MS = 400
