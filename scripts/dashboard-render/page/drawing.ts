import type { DataFrame, GrafanaTheme2, TimeRange } from '@grafana/data'
import type { Panel } from '../dashboard.ts'

/** All that one panel is drawn from. */
export interface Drawing {
  readonly panel: Panel
  readonly frames: readonly DataFrame[]
  readonly range: TimeRange
  readonly theme: GrafanaTheme2
  readonly width: number
  readonly height: number
}

/** An option of a panel, or what Grafana takes if the dashboard does not say. */
export function option<T>({ options }: Panel, name: string, usual: T): T {
  return (options?.[name] as T | undefined) ?? usual
}
