/** The committed dashboards as data, no more than what is looked at. */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { BOARDS } from '../../dashboards/src/boards.ts'

const FOLDER = join(dirname(fileURLToPath(import.meta.url)), '../../dashboards')

export interface Target {
  refId?: string
  expr?: string
  legendFormat?: string
  instant?: boolean
  range?: boolean
  format?: string
  datasource?: { type?: string; uid?: string }
}

export interface Panel {
  id?: number
  type: string
  title?: string
  description?: string
  datasource?: { type?: string; uid?: string }
  gridPos?: { x: number; y: number; w: number; h: number }
  targets?: Target[]
  panels?: Panel[]
  collapsed?: boolean
  links?: { url?: string }[]
  options?: Record<string, unknown>
  transformations?: { id: string; options: Record<string, unknown> }[]
  fieldConfig?: {
    defaults: {
      unit?: string
      noValue?: string
      thresholds?: { steps: { color: string; value: number | null }[] }
    }
    overrides: {
      matcher: { id: string; options?: unknown }
      properties: { id: string; value?: unknown }[]
    }[]
  }
}

export interface Variable {
  name: string
  type: string
  query?: string | { query?: string }
  definition?: string
  multi?: boolean
  includeAll?: boolean
  allValue?: string
  refresh?: number
  datasource?: { uid?: string }
  current?: { value?: string | string[] }
}

export interface Dashboard {
  id?: number | null
  uid?: string
  title?: string
  description?: string
  tags?: string[]
  editable?: boolean
  schemaVersion?: number
  refresh?: string
  time?: { from?: string; to?: string }
  templating?: { list: Variable[] }
  annotations?: { list: { name?: string; expr?: string; datasource?: { uid?: string } }[] }
  links?: { type?: string; tags?: string[]; includeVars?: boolean; keepTime?: boolean }[]
  panels?: Panel[]
}

/** All dashboards by the names of their files, as they are committed. */
export function committedDashboards(): Record<string, Dashboard> {
  return Object.fromEntries(
    Object.keys(BOARDS).map((name) => [name, JSON.parse(readFileSync(join(FOLDER, name), 'utf8'))]),
  )
}

/** Every panel, those of folded rows included; rows themselves are none. */
export function panelsOf({ panels = [] }: Dashboard): Panel[] {
  return panels
    .flatMap((panel) => [panel, ...(panel.panels ?? [])])
    .filter(({ type }) => type !== 'row')
}

/** The query behind a variable, `label_values(…)`. */
export function variableQuery({ query, definition }: Variable): string {
  return (typeof query === 'string' ? query : query?.query) ?? definition ?? ''
}
