import type { Browser } from 'playwright-core'
import type { Scene } from '../page/scene.ts'
import { openPage } from './browser.ts'
import type { Bundle } from './bundle.ts'
import { inspect, type PanelLook } from './inspect.ts'

/** Width of a picture, and what is left free at either side, in px. */
export const PICTURE_WIDTH = 1600
export const CONTENT_WIDTH = PICTURE_WIDTH - 2 * 16

/** A drawn dashboard. */
export interface Picture {
  readonly png: Buffer
  readonly panels: readonly PanelLook[]
  /** Errors of the page's console. */
  readonly complaints: readonly string[]
}

/** Draws one dashboard in a page of its own. */
export async function draw(browser: Browser, bundle: Bundle, scene: Scene): Promise<Picture> {
  const { page, complaints } = await openPage(browser, bundle, PICTURE_WIDTH)
  try {
    await page.evaluate((given) => window.draw(given), scene)
    const png = await page.screenshot({ fullPage: true, animations: 'disabled' })
    const panels = await inspect(page, png)
    const wanted = scene.dashboard.panels.filter(({ type }) => type !== 'row').length
    if (panels.length !== wanted) complaints.push(`${panels.length} of ${wanted} panels are there`)
    return { png, panels, complaints }
  } finally {
    await page.context().close()
  }
}
