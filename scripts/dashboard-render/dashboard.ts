import { readFile } from 'node:fs/promises'

/** What of a dashboard's JSON is read here; everything else is handed to the page untouched. */
export interface Dashboard {
  readonly uid: string
  readonly title: string
  readonly tags?: readonly string[]
  readonly panels: readonly Panel[]
  readonly links?: readonly { readonly title: string }[]
  readonly templating?: { readonly list: readonly Variable[] }
}

/** A panel, or a row that holds the panels below it while it is collapsed. */
export interface Panel {
  readonly id: number
  readonly type: string
  readonly title?: string
  readonly description?: string
  readonly gridPos: GridPosition
  readonly collapsed?: boolean
  readonly panels?: readonly Panel[]
  readonly repeat?: string
  readonly targets?: readonly Target[]
  readonly options?: Readonly<Record<string, unknown>>
  readonly fieldConfig?: object
  readonly transformations?: readonly object[]
  /** Smallest step, `5s`. */
  readonly interval?: string
  readonly maxDataPoints?: number
}

/** Where a panel lies: 24 columns, rows of 30 px with 8 px between them. */
export interface GridPosition {
  readonly x: number
  readonly y: number
  readonly w: number
  readonly h: number
}

/** One query of a panel. */
export interface Target {
  readonly refId: string
  readonly expr?: string
  readonly instant?: boolean
  readonly range?: boolean
  readonly format?: 'time_series' | 'table' | 'heatmap'
  readonly legendFormat?: string
  readonly interval?: string
  readonly hide?: boolean
}

/** A variable of a dashboard. */
export interface Variable {
  readonly name: string
  readonly type: string
  readonly label?: string
  readonly query?: string | { readonly query?: string }
  readonly regex?: string
  readonly hide?: number
  readonly multi?: boolean
  readonly includeAll?: boolean
  readonly allValue?: string | null
  readonly current?: { readonly value?: string | readonly string[] }
}

/** Reads a dashboard; rejects with the file's name if it is none. */
export async function readDashboard(file: string): Promise<Dashboard> {
  const text = await readFile(file, 'utf8')
  const dashboard = JSON.parse(text) as Dashboard
  if (typeof dashboard.uid !== 'string' || !Array.isArray(dashboard.panels)) {
    throw new Error(`${file}: no dashboard, it lacks uid or panels`)
  }
  const repeated = dashboard.panels.find(({ repeat }) => repeat)
  if (repeated) throw new Error(`${file}: panel ${repeated.id} repeats, which is not drawn here`)
  return dashboard
}
