import { mkdir, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { type Dashboard, readDashboard } from './dashboard.ts'
import { startBrowser } from './drawing/browser.ts'
import { bundlePage } from './drawing/bundle.ts'
import { CONTENT_WIDTH, draw } from './drawing/draw.ts'
import { optimise } from './drawing/optimise.ts'
import { findChromium } from './missing.ts'
import type { Options } from './options.ts'
import type { Scene } from './page/scene.ts'
import { askPanels } from './queries/panel-data.ts'
import { Prometheus } from './queries/prometheus.ts'
import { type Choices, type Chosen, chooseVariables, substituteShown } from './queries/variables.ts'
import { allDashboards, openSource, type Source } from './source.ts'
import { faults, remarks } from './verdict.ts'

/** Draws what was asked for and says what came of it; resolves to whether all is fit to be seen. */
export async function drawAll(options: Options): Promise<boolean> {
  const files = options.files.length > 0 ? options.files : allDashboards()
  if (files.length === 0) throw new Error('there is no dashboard to draw')
  const dashboards = await Promise.all(files.map(readDashboard))
  const bundle = await bundlePage()
  await mkdir(options.outDirectory, { recursive: true })
  const source = await openSource(options)
  try {
    const browser = await startBrowser(findChromium() ?? 'chromium')
    try {
      let isFit = true
      for (const [index, dashboard] of dashboards.entries()) {
        const scene = await sceneOf(dashboard, source, options.choices)
        const picture = await draw(browser, bundle, scene)
        const file = join(options.outDirectory, `${basename(files[index] ?? '', '.json')}.png`)
        const png = optimise(picture.png)
        await writeFile(file, png)
        const wrong = faults(picture)
        report(file, png.length, picture.panels.length, wrong, remarks(picture))
        isFit &&= wrong.length === 0
      }
      return isFit
    } finally {
      await browser.close()
    }
  } finally {
    await source.close()
  }
}

async function sceneOf(dashboard: Dashboard, source: Source, choices: Choices): Promise<Scene> {
  const prometheus = new Prometheus(source.url)
  const { range, scrapeMs } = source
  const chosen = await chooseVariables(dashboard, prometheus, range, choices)
  const columnWidth = CONTENT_WIDTH / 24
  const data = await askPanels(dashboard, { prometheus, range, scrapeMs, chosen, columnWidth })
  return { dashboard: withTexts(dashboard, chosen), data, chosen, range, width: CONTENT_WIDTH }
}

/** Variables are replaced in titles and texts, too. */
function withTexts(dashboard: Dashboard, chosen: readonly Chosen[]): Dashboard {
  const panels = dashboard.panels.map((panel) => {
    const title = substituteShown(panel.title ?? '', chosen)
    const { content } = panel.options ?? {}
    if (typeof content !== 'string') return { ...panel, title }
    const options = { ...panel.options, content: substituteShown(content, chosen) }
    return { ...panel, title, options }
  })
  return { ...dashboard, panels }
}

function report(
  file: string,
  bytes: number,
  panels: number,
  wrong: readonly string[],
  notes: readonly string[],
): void {
  console.log(`${basename(file)}: ${panels} panels, ${Math.round(bytes / 1000)} kB`)
  for (const text of wrong) console.log(`  FAULT ${text}`)
  for (const text of notes) console.log(`  ${text}`)
}
