/** For each rule of the dashboards, ways to break it. */
import type { Dashboard, Panel, Target, Variable } from './dashboard-files.ts'

type Break = (dashboard: Dashboard) => void

export const BREAKS: Readonly<Record<string, readonly Break[]>> = {
  'one datasource variable': [
    (d) => drop(d, 'datasource'),
    (d) => d.templating?.list.push({ name: 'other', type: 'datasource', query: 'prometheus' }),
    (d) => set(variable(d, 'datasource'), { query: 'loki' }),
  ],
  'job and instance can be several or all': [
    (d) => set(variable(d, 'job'), { multi: false }),
    (d) => set(variable(d, 'instance'), { allValue: '.*' }),
    (d) => set(variable(d, 'instance'), { includeAll: false }),
    (d) => drop(d, 'job'),
  ],
  'queried variables are read again when the time changes': [
    (d) => set(variable(d, 'source'), { refresh: 1 }),
  ],
  'several values are a pattern, one value is none': [
    (d) => set(variable(d, 'source'), { multi: true }),
    (d) => set(variable(d, 'source'), { includeAll: true }),
  ],
  'not editable': [(d) => set(d, { editable: true })],
  'schema version is pinned': [(d) => set(d, { schemaVersion: 39 })],
  'refresh and time range are set': [
    (d) => set(d, { refresh: '' }),
    (d) => set(d, { time: { from: 'now-1h', to: 'now-1m' } }),
    (d) => set(d, { time: { from: '2026-01-01', to: 'now' } }),
  ],
  'has a name of its own and no number': [
    (d) => set(d, { uid: '' }),
    (d) => set(d, { id: 7 }),
    (d) => set(d, { description: 'short' }),
    (d) => set(d, { title: '' }),
  ],
  'links to all dashboards of its tag': [
    (d) => set(d, { tags: [] }),
    (d) => set(d, { links: [] }),
    (d) => set(d.links?.[0], { keepTime: false }),
    (d) => set(d.links?.[0], { includeVars: false }),
  ],
  'panel links lead to a dashboard': [
    (d) => set(panel(d), { links: [{ url: '/d/nowhere?from=now-1h' }] }),
  ],
  'no datasource but the chosen one': [
    (d) => set(panel(d), { datasource: { type: 'prometheus', uid: 'PBFA97CFB590B2093' } }),
    (d) => delete target(d).datasource,
    (d) => delete panel(d).datasource,
    (d) => set(variable(d, 'source'), { datasource: { uid: 'main' } }),
    (d) => set(d.annotations?.list[0], { datasource: { uid: 'main' } }),
  ],
  'panel ids are unique': [
    (d) => set(panel(d), { id: panel(d, 'heatmap').id ?? 0 }),
    (d) => delete panel(d).id,
    (d) => set(panel(d), { id: 0 }),
  ],
  'titles are unique': [(d) => set(panel(d), { title: panel(d, 'heatmap').title ?? '' })],
  'panels fill the grid': [
    (d) => move(panel(d), { x: 1 }),
    (d) => move(panel(d), { w: 11 }),
    (d) => move(panel(d), { h: 7 }),
    (d) => move(panel(d, 'row'), { w: 12 }),
    (d) => move(panel(d), { y: 400 }),
  ],
  'ends with a folded help': [
    (d) => d.panels?.pop(),
    (d) => set(d.panels?.at(-1), { collapsed: false }),
    (d) => set(d.panels?.at(-1)?.panels?.[0], { options: { content: '' } }),
  ],
  'a title and what it shows': [
    (d) => delete panel(d).description,
    (d) => set(panel(d), { description: 'Packets' }),
    (d) => set(panel(d), { title: '' }),
  ],
  'a unit that Grafana knows': [
    (d) => delete defaults(d).unit,
    (d) => set(defaults(d), { unit: 'seconds' }),
    (d) => override(d, { id: 'unit', value: 'percents' }),
  ],
  'words for no value': [(d) => delete defaults(d).noValue],
  'thresholds are those of the alerts': [
    (d) => set(defaults(d).thresholds?.steps[1], { value: 0.03 }),
    (d) => override(d, { id: 'thresholds', value: { steps: [{ color: 'red', value: 42 }] } }),
  ],
  'questions have letters in order': [
    (d) => delete target(d).refId,
    (d) => set(target(d), { refId: 'B' }),
    (d) => set(panel(d), { targets: [] }),
  ],
  'questions are instant or over a range': [
    (d) => set(target(d), { instant: true }),
    (d) => set(target(d), { range: false }),
  ],
  'series have names': [
    (d) => delete target(d).legendFormat,
    (d) => set(target(d), { legendFormat: '__auto' }),
    (d) => set(target(d), { expr: 'sum by (source) (x)', legendFormat: 'one name for all' }),
  ],
  'labels in names are asked for': [(d) => set(target(d), { legendFormat: '{{backend}}' })],
  'selectors say whose series': [
    (d) => set(target(d), { expr: 'sum(quic_connections_active)' }),
    (d) => set(target(d), { expr: 'sum(quic_connections_active{instance=~"$instance"})' }),
    (d) => set(target(d), { expr: 'sum(quic_connections_active{job=~"$job"})' }),
    (d) => set(target(d), { expr: 'quic_connections_active{job="a", instance="b"}' }),
  ],
  'rates are over the interval of Grafana': [
    (d) => replace(d, '[$__rate_interval]', '[5m]'),
    (d) => replace(d, '[$__rate_interval]', '[$__interval]'),
    (d) => set(target(d), { expr: 'predict_linear(x{a="b"}[7m], 60)' }),
    (d) => set(target(d), { expr: 'max_over_time(x{a="b"}[5m])' }),
  ],
  'counters are never shown as they are': [
    (d) => set(target(d), { expr: 'sum(quic_connections_total{job=~"$job"})' }),
    (d) => set(target(d), { expr: 'sum(quic_rtt_seconds_bucket{job=~"$job"})' }),
    (d) => set(target(d), { expr: 'sum(changes(quic_pto_total{job=~"$job"}[1h]))' }),
  ],
  'gauges have no rate': [
    (d) => set(target(d), { expr: 'rate(quic_connections_active{job=~"$job"}[5m])' }),
  ],
  'who cannot tell is asked': [(d) => panel(d).targets?.pop()],
  'who cannot tell is drawn nowhere': [
    (d) => set(panel(d).fieldConfig, { overrides: [] }),
    (d) => override(d, { id: 'custom.hideFrom', value: { viz: false } }),
    (d) => set(panel(d), { type: 'stat' }),
  ],
}

/** The first panel of a kind, lines over time if not said. */
function panel({ panels = [] }: Dashboard, type = 'timeseries'): Panel {
  return found(panels.find((one) => one.type === type))
}

function target(dashboard: Dashboard): Target {
  return found(panel(dashboard).targets?.[0])
}

function defaults(dashboard: Dashboard) {
  return found(panel(dashboard).fieldConfig?.defaults)
}

function variable({ templating }: Dashboard, name: string): Variable {
  return found(templating?.list.find((one) => one.name === name))
}

function drop({ templating }: Dashboard, name: string): void {
  const list = found(templating?.list)
  list.splice(
    list.findIndex((one) => one.name === name),
    1,
  )
}

function move({ gridPos }: Panel, place: Partial<NonNullable<Panel['gridPos']>>): void {
  set(gridPos, place)
}

/** Changes a property of every override of the first panel, or adds it. */
function override(dashboard: Dashboard, property: { id: string; value: unknown }): void {
  for (const { properties } of found(panel(dashboard).fieldConfig?.overrides)) {
    const same = properties.findIndex(({ id }) => id === property.id)
    properties.splice(Math.max(0, same), same < 0 ? 0 : 1, property)
  }
}

function replace(dashboard: Dashboard, what: string, by: string): void {
  set(target(dashboard), { expr: found(target(dashboard).expr).replaceAll(what, by) })
}

function set<T extends object>(thing: T | undefined, values: Partial<T>): void {
  Object.assign(found(thing), values)
}

function found<T>(thing: T | undefined): T {
  if (thing === undefined) throw new Error('nothing there to break')
  return thing
}
