/** Rules for panels and their questions. */
import { NOT_REPORTED } from '../../dashboards/src/query.ts'
import {
  ALL_WANTED,
  ENOUGH_REQUESTS,
  NONE_ALLOWED,
  THRESHOLDS,
} from '../../dashboards/src/thresholds.ts'
import { signals } from './dashboard-catalogue.ts'
import { bareNames, selectorsOf } from './dashboard-expressions.ts'
import { type Dashboard, type Panel, panelsOf, type Target } from './dashboard-files.ts'
import { complain, type Rule } from './dashboard-rules.ts'

/** Grafana's ids of units that are used here. */
const UNITS: readonly unknown[] = [
  ...['none', 'short', 'percentunit', 's', 'dtdurations'],
  ...['bytes', 'Bps', 'bps', 'reqps', 'cps'],
]
const WINDOWS = ['$__rate_interval', '$__range']
/** Windows of alerts that a panel repeats. */
const ALERT_WINDOWS = ['30m', '1h']
const SIGNALS = signals()
/** Tables show a dash; the other shows the exporter's own limits, by what it holds. */
const ASKS_NOBODY = ['Exporter by its limits']
const COUNTER = /_(total|bucket|sum|count)$/
/** 0: of a difference. */
const VALUES: readonly number[] = [
  ...Object.values(THRESHOLDS).map(({ value }) => value),
  ...[NONE_ALLOWED.value, ALL_WANTED.value, ENOUGH_REQUESTS, 0],
]

export const PANEL_RULES: Readonly<Record<string, Rule>> = {
  'a title and what it shows': forPanels(({ title = '', description = '' }) =>
    complain(title.length > 3 && description.length >= 20, 'too short'),
  ),
  'a unit that Grafana knows': forAsking(({ fieldConfig }) => {
    const units = [fieldConfig?.defaults.unit, ...overridden(fieldConfig, 'unit')]
    return units.filter((unit) => !UNITS.includes(unit)).map((unit) => `unit ${unit}`)
  }),
  'words for no value': forAsking(({ fieldConfig }) =>
    complain((fieldConfig?.defaults.noValue?.length ?? 0) > 5, 'no words'),
  ),
  'thresholds are those of the alerts': forAsking(({ fieldConfig }) => {
    type Steps = { steps: { value: number | null }[] }
    const all = [
      fieldConfig?.defaults.thresholds,
      ...(overridden(fieldConfig, 'thresholds') as Steps[]),
    ]
    return all
      .flatMap((one) => one?.steps ?? [])
      .filter(({ value }) => value !== null && !VALUES.includes(value))
      .map(({ value }) => `threshold ${value}`)
  }),
  'questions have letters in order': forAsking(({ targets = [] }) =>
    complain(
      targets.length > 0 &&
        targets.every(({ refId }, index) => refId === String.fromCharCode(65 + index)),
      targets.map(({ refId }) => refId).join(),
    ),
  ),
  'questions are instant or over a range': forTargets(({ instant, range }) =>
    complain((instant === true) !== (range === true), `instant ${instant}, range ${range}`),
  ),
  'series have names': forAsking(({ type, targets = [] }) =>
    targets
      .filter(({ expr = '', legendFormat = '' }) => {
        const isPlain = legendFormat !== '' && legendFormat !== '__auto'
        const areSeveral = type !== 'table' && /^\(*\w+ by \((?!le\))/.test(expr)
        return !isPlain || (areSeveral && !legendFormat.includes('{{'))
      })
      .map(({ refId, legendFormat }) => `${refId}: ${legendFormat}`),
  ),
  'labels in names are asked for': forTargets(({ expr = '', legendFormat = '' }) =>
    [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)]
      .filter(([, label]) => !new RegExp(`by \\([^)]*\\b${label}\\b`).test(expr))
      .map(([, label]) => `{{${label}}}`),
  ),
  'selectors say whose series': forTargets(({ expr = '' }) => [
    ...bareNames(expr).map((name) => `${name} without job and instance`),
    ...selectorsOf(expr)
      .filter(({ metric, matchers }) => !isOurs(metric, matchers))
      .map(({ metric }) => `${metric} without job and instance`),
  ]),
  'rates are over the interval of Grafana': forTargets(({ expr = '' }) =>
    selectorsOf(expr)
      .filter(({ range }) => range !== undefined)
      .filter(({ within, range = '' }) => !isGoodWindow(expr, within ?? '', range))
      .map(({ metric, within, range }) => `${within}(${metric}[${range}])`),
  ),
  'counters are never shown as they are': forTargets(({ expr = '' }) =>
    selectorsOf(expr)
      .filter(
        ({ metric, within = '' }) => COUNTER.test(metric) && !/^(rate|increase)$/.test(within),
      )
      .map(({ metric }) => metric),
  ),
  'gauges have no rate': forTargets(({ expr = '' }) =>
    selectorsOf(expr)
      .filter(
        ({ metric, within = '' }) => !COUNTER.test(metric) && /^(rate|increase)$/.test(within),
      )
      .map(({ metric }) => metric),
  ),
  'who cannot tell is asked': forAsking(({ type, title, targets = [] }) => {
    const exprs = targets.map(({ expr = '' }) => expr)
    const shown = exprs
      .flatMap(selectorsOf)
      .map(({ metric }) => metric.replace(/_(bucket|sum|count)$/, ''))
      .filter((metric) => SIGNALS.has(metric))
    const asked = exprs.flatMap((expr) =>
      [...expr.matchAll(/signal=~?"([^"]+)"/g)].flatMap(([, names = '']) => names.split('|')),
    )
    const isExempt = type === 'table' || ASKS_NOBODY.includes(`${title}`) || shown.length === 0
    const isAsked = asked.some((signal) => shown.includes(signal))
    return complain(isExempt || isAsked, `whether a source can tell ${shown}`)
  }),
  'who cannot tell is drawn nowhere': forAsking(({ type, targets = [], fieldConfig }) => {
    const last = targets.at(-1)
    if (!last?.legendFormat?.endsWith(NOT_REPORTED)) return []
    const options = [`/${NOT_REPORTED}$/`, last.refId]
    const found = fieldConfig?.overrides.find(({ matcher }) =>
      options.includes(String(matcher.options)),
    )
    const isHidden = found?.properties.some(
      ({ id, value }) =>
        id === 'custom.hideFrom' && (value as { viz?: boolean; legend?: boolean }).viz === true,
    )
    const hasWords = found?.properties.some(
      ({ id, value }) => id === 'mappings' && JSON.stringify(value).includes(NOT_REPORTED),
    )
    return complain(type === 'timeseries' ? isHidden : hasWords, 'shown as a number')
  }),
}

function forPanels(rule: (panel: Panel) => string[]): Rule {
  return (dashboard: Dashboard) =>
    panelsOf(dashboard).flatMap((panel) => rule(panel).map((text) => `${panel.title}: ${text}`))
}

function forAsking(rule: (panel: Panel) => string[]): Rule {
  return forPanels((panel) => (panel.type === 'text' ? [] : rule(panel)))
}

function forTargets(rule: (target: Target) => string[]): Rule {
  return forAsking(({ targets = [] }) => targets.flatMap(rule))
}

function overridden(fieldConfig: Panel['fieldConfig'], id: string): unknown[] {
  return (fieldConfig?.overrides ?? [])
    .flatMap(({ properties }) => properties)
    .filter((property) => property.id === id)
    .map(({ value }) => value)
}

/** Alerts may have lost these labels where they are about a whole job. */
function isOurs(metric: string, matchers: string): boolean {
  const or = metric === 'ALERTS' ? '\\|' : ''
  return (
    new RegExp(`\\bjob=~"\\$job${or}"`).test(matchers) &&
    new RegExp(`\\binstance=~"\\$instance${or}"`).test(matchers)
  )
}

function isGoodWindow(expr: string, within: string, range: string): boolean {
  // A look back over days is made in steps; its rates are over one of them.
  const isStep = expr.includes(`:${range}]`)
  switch (within) {
    case 'rate':
      return range === '$__rate_interval' || isStep
    case 'increase':
      return [...WINDOWS, ...ALERT_WINDOWS].includes(range)
    case 'changes':
      return ALERT_WINDOWS.includes(range)
    case 'predict_linear':
      return range === '6h'
    default:
      return false
  }
}
