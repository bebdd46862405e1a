import { createTheme, type DataFrame, dateTime, ThemeContext, type TimeRange } from '@grafana/data'
import { GlobalStyles } from '@grafana/ui'
import type { ReactNode } from 'react'
import { flushSync } from 'react-dom'
import { createRoot } from 'react-dom/client'
import 'uplot/dist/uPlot.min.css'
import type { TimeRange as Milliseconds } from '../queries/prometheus.ts'
import { DashboardView } from './dashboard-view.tsx'
import { prepareFrames } from './field-config.ts'
import './page.css'
import './scene.ts'

const FONTS = ['400 12px Inter', '500 12px Inter', '400 12px "Roboto Mono"']
const CALM_MS = 400

const theme = createTheme({ colors: { mode: 'dark' } })

window.draw = async ({ dashboard, data, chosen, range, width }) => {
  const panels = await Promise.all(
    dashboard.panels.map(async (panel) => {
      const own = data.find(({ id }) => id === panel.id)
      const frames = await prepareFrames(panel, (own?.frames ?? []) as DataFrame[], theme)
      return { panel, data: own, frames }
    }),
  )
  const element = document.querySelector('#root')
  if (element === null) throw new Error('the page has no #root')
  const root = createRoot(element)
  const show = (content: ReactNode) =>
    flushSync(() =>
      root.render(
        <ThemeContext.Provider value={theme}>
          <GlobalStyles />
          {content}
        </ThemeContext.Provider>,
      ),
    )
  show(null)
  await loadFonts()
  show(
    <DashboardView
      dashboard={dashboard}
      panels={panels}
      chosen={chosen}
      range={timeRange(range)}
      theme={theme}
      width={width}
    />,
  )
  await settled()
}

/** Before anything is drawn: what is on a canvas stays in the font that was there. */
async function loadFonts(): Promise<void> {
  await Promise.all(FONTS.map((font) => document.fonts.load(font)))
}

function timeRange({ from, to }: Milliseconds): TimeRange {
  const ends = { from: dateTime(from), to: dateTime(to) }
  return { ...ends, raw: ends }
}

/** Nothing in the page has changed for a moment: icons are in, charts have their size. */
async function settled(): Promise<void> {
  await new Promise<void>((resolve) => {
    let calm = setTimeout(resolve, CALM_MS)
    new MutationObserver(() => {
      clearTimeout(calm)
      calm = setTimeout(resolve, CALM_MS)
    }).observe(document.body, { subtree: true, childList: true, attributes: true })
  })
}
