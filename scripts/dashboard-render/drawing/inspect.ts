import type { Page } from 'playwright-core'

/** How a panel came out. */
export interface PanelLook {
  readonly id: number
  readonly title: string
  readonly state: 'drawn' | 'no data' | 'error'
  /** What it says instead of showing data. */
  readonly text: string
  /** Points of its longest line; undefined if it shows no lines. */
  readonly points: number | undefined
  /** Px of its content that one must scroll to. */
  readonly hiddenPx: number
  readonly isTitleCut: boolean
  /** Share of its pixels, frame and title apart, that are not its background. */
  readonly inked: number
}

/** Height of a panel's title, in px. */
const TITLE = 32

/** Looks at each panel of a page, and at its part of the picture. */
export function inspect(page: Page, png: Buffer): Promise<PanelLook[]> {
  const picture = `data:image/png;base64,${png.toString('base64')}`
  return page.evaluate(lookAtPanels, { picture, titleHeight: TITLE })
}

/** Runs in the page, so it may use nothing from around it. */
async function lookAtPanels(given: { picture: string; titleHeight: number }): Promise<PanelLook[]> {
  const image = new Image()
  image.src = given.picture
  await image.decode()
  const canvas = new OffscreenCanvas(image.width, image.height)
  const context = canvas.getContext('2d', { willReadFrequently: true })
  if (context === null) throw new Error('no canvas')
  context.drawImage(image, 0, 0)
  const hiddenPx = (panel: HTMLElement) => {
    const boxes = [...panel.querySelectorAll<HTMLElement>('*')].filter((box) =>
      ['auto', 'scroll'].includes(getComputedStyle(box).overflowY),
    )
    return Math.max(0, ...boxes.map((box) => box.scrollHeight - box.clientHeight))
  }
  return [...document.querySelectorAll<HTMLElement>('[data-panel]')].map((panel) => {
    const box = panel.getBoundingClientRect()
    const [x, y] = [box.left + window.scrollX + 2, box.top + window.scrollY + given.titleHeight]
    const [width, height] = [box.width - 4, box.height - given.titleHeight - 2]
    const { data } = context.getImageData(x, y, width, height)
    const counts = new Map<number, number>()
    for (let at = 0; at < data.length; at += 4) {
      const colour = ((data[at] ?? 0) << 16) | ((data[at + 1] ?? 0) << 8) | (data[at + 2] ?? 0)
      counts.set(colour, (counts.get(colour) ?? 0) + 1)
    }
    const marked =
      panel.querySelector<HTMLElement>('[data-state="error"]') ??
      panel.querySelector<HTMLElement>('[data-state]')
    const points = panel.querySelector<HTMLElement>('[data-points]')?.dataset.points
    const heading = panel.querySelector<HTMLElement>('h2, h6')
    return {
      id: Number(panel.dataset.panel),
      title: heading?.textContent ?? '',
      state: (marked?.dataset.state ?? 'drawn') as PanelLook['state'],
      text: marked?.textContent ?? '',
      points: points === undefined ? undefined : Number(points),
      hiddenPx: hiddenPx(panel),
      isTitleCut: heading !== null && heading.scrollWidth > heading.clientWidth,
      inked: 1 - Math.max(...counts.values()) / (data.length / 4),
    }
  })
}
