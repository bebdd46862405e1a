import type { Dashboard } from '../dashboard.ts'
import type { PanelData } from '../queries/panel-data.ts'
import type { TimeRange } from '../queries/prometheus.ts'
import type { Chosen } from '../queries/variables.ts'

/** What the page is given to draw. */
export interface Scene {
  readonly dashboard: Dashboard
  readonly data: readonly PanelData[]
  readonly chosen: readonly Chosen[]
  readonly range: TimeRange
  /** Of all panels, in px. */
  readonly width: number
}

declare global {
  interface Window {
    /** Draws a dashboard and resolves when it stands. */
    draw(scene: Scene): Promise<void>
  }
}
