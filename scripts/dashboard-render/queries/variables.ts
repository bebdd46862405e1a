import type { Dashboard, Variable } from '../dashboard.ts'
import { duration } from './durations.ts'
import type { Prometheus, TimeRange } from './prometheus.ts'

/** A variable's name, what is put in its place in a query, and what its drop-down shows. */
export interface Chosen {
  readonly name: string
  readonly label: string
  readonly inQuery: string
  readonly shown: string
  readonly isHidden: boolean
}

/** The variable choices that come from outside: name to values. */
export type Choices = Readonly<Record<string, readonly string[]>>

const ALL = '$__all'
const HIDE_VARIABLE = 2

/** Chooses a value for each variable as Grafana does when a dashboard is opened. */
export async function chooseVariables(
  { templating }: Dashboard,
  prometheus: Prometheus,
  range: TimeRange,
  choices: Choices,
): Promise<Chosen[]> {
  const chosen: Chosen[] = []
  // In order: a variable's query may name those before it.
  for (const variable of templating?.list ?? []) {
    chosen.push(await choose(variable, chosen, prometheus, range, choices[variable.name]))
  }
  return chosen
}

async function choose(
  variable: Variable,
  before: readonly Chosen[],
  prometheus: Prometheus,
  range: TimeRange,
  wanted: readonly string[] | undefined,
): Promise<Chosen> {
  const { name, label, hide } = variable
  const rest = { name, label: label || name, isHidden: hide === HIDE_VARIABLE }
  if (variable.type === 'datasource') return { ...rest, inQuery: name, shown: 'Prometheus' }
  const options = await optionsOf(variable, before, prometheus, range)
  const current = wanted ?? currentOf(variable)
  if (current.includes(ALL) || (current.length === 0 && variable.includeAll)) {
    return { ...rest, inQuery: variable.allValue || alternatives(options), shown: 'All' }
  }
  const values = current.length === 0 ? options.slice(0, 1) : current
  const isPattern = variable.multi || variable.includeAll
  return {
    ...rest,
    inQuery: isPattern ? alternatives(values) : (values[0] ?? ''),
    shown: values.join(' + '),
  }
}

function currentOf({ current }: Variable): readonly string[] {
  const { value = [] } = current ?? {}
  return (typeof value === 'string' ? [value] : value).filter((text) => text !== '')
}

/** What may be chosen, ALL apart. */
async function optionsOf(
  variable: Variable,
  before: readonly Chosen[],
  prometheus: Prometheus,
  range: TimeRange,
): Promise<readonly string[]> {
  const query = typeof variable.query === 'string' ? variable.query : (variable.query?.query ?? '')
  switch (variable.type) {
    case 'query':
      return askOptions(substitute(query, before), prometheus, range, variable.regex ?? '')
    case 'custom':
    case 'interval':
      return query.split(',').map((part) => part.trim().replace(/^.* : /, ''))
    case 'constant':
    case 'textbox':
      return [query]
    default:
      throw new Error(`variable ${variable.name}: type ${variable.type} is not known here`)
  }
}

async function askOptions(
  query: string,
  prometheus: Prometheus,
  range: TimeRange,
  regex: string,
): Promise<readonly string[]> {
  const [, selector = '', label] = /^label_values\((?:(.+),)?\s*(\w+)\s*\)$/s.exec(query) ?? []
  if (label === undefined) throw new Error(`only label_values() is known here, not ${query}`)
  const values = await prometheus.labelValues(label, selector.trim(), range)
  const [, pattern, flags] = /^\/(.*)\/(\w*)$/s.exec(regex) ?? []
  if (pattern === undefined) return values
  const kept = new RegExp(pattern, flags)
  return values.flatMap((value) => {
    const match = kept.exec(value)
    return match ? [match[1] ?? value] : []
  })
}

/** Several values as one regular expression, each taken literally. */
function alternatives(values: readonly string[]): string {
  const escaped = values.map((value) =>
    value.replace(/[|\\{}()[\]^$+*?.-]/g, String.raw`\\$&`).replaceAll("'", String.raw`\\'`),
  )
  return escaped.length === 1 ? (escaped[0] ?? '') : `(${escaped.join('|')})`
}

/** Puts values in the place of `$name`, `${name}`, `${name:format}` and `[[name]]`, as a query wants them. */
export function substitute(text: string, chosen: readonly Chosen[]): string {
  return replaceNames(text, new Map(chosen.map(({ name, inQuery }) => [name, inQuery])))
}

/** The same for a title: the values as the drop-downs show them. */
export function substituteShown(text: string, chosen: readonly Chosen[]): string {
  return replaceNames(text, new Map(chosen.map(({ name, shown }) => [name, shown])))
}

function replaceNames(text: string, values: ReadonlyMap<string, string>): string {
  return text.replace(/\$(\w+)|\$\{(\w+)(?::\w+)?\}|\[\[(\w+)(?::\w+)?\]\]/g, (whole, ...names) => {
    const name = names.slice(0, 3).find((part) => part !== undefined)
    return values.get(String(name)) ?? whole
  })
}

/** The variables that Grafana itself provides to a query with this step. */
export function builtIn({ from, to }: TimeRange, stepMs: number, scrapeMs: number): Chosen[] {
  const seconds = Math.round((to - from) / 1000)
  // So that at least four scrapes lie in the window, and neighbouring windows overlap by one.
  const rateMs = Math.max(stepMs + scrapeMs, 4 * scrapeMs)
  const values: Readonly<Record<string, string>> = {
    __interval: duration(stepMs),
    __interval_ms: String(stepMs),
    __rate_interval: duration(rateMs),
    __rate_interval_ms: String(rateMs),
    __range: `${seconds}s`,
    __range_s: String(seconds),
    __range_ms: String(seconds * 1000),
    __from: String(from),
    __to: String(to),
  }
  return Object.entries(values).map(([name, inQuery]) => ({
    ...{ name, label: name, inQuery, shown: inQuery },
    isHidden: true,
  }))
}
