/** Rules for one dashboard as a whole. Each returns complaints; none is good. */
import { TAG } from '../../dashboards/src/board.ts'
import { UIDS } from '../../dashboards/src/guide.ts'
import { type Dashboard, type Panel, panelsOf, type Variable } from './dashboard-files.ts'

export type Rule = (dashboard: Dashboard) => string[]

const SCHEMA_VERSION = 42
const DATASOURCE = '$' + '{datasource}'

export const BOARD_RULES: Readonly<Record<string, Rule>> = {
  'one datasource variable': ({ templating }) => {
    const found = templating?.list.filter(({ type }) => type === 'datasource') ?? []
    const [one] = found
    return complain(
      found.length === 1 && one?.name === 'datasource' && one.query === 'prometheus',
      `${found.length} datasource variables`,
    )
  },
  'job and instance can be several or all': ({ templating }) =>
    ['job', 'instance'].flatMap((name) => {
      const variable = templating?.list.find((one) => one.name === name)
      const { multi, includeAll, allValue } = variable ?? {}
      return complain(multi && includeAll && allValue === '.+', `variable ${name}`)
    }),
  'queried variables are read again when the time changes': ({ templating }) =>
    (templating?.list ?? [])
      .filter(({ type }) => type === 'query')
      .flatMap(({ name, refresh }) => complain(refresh === 2, `variable ${name}`)),
  'several values are a pattern, one value is none': ({ templating }) =>
    (templating?.list ?? [])
      .filter(({ type, name }) => type === 'query' && name !== 'job' && name !== 'instance')
      .flatMap(({ name, multi, includeAll, allValue }: Variable) =>
        complain(
          multi ? includeAll && allValue === '.+' : !includeAll,
          `variable ${name}: several without all, or all without several`,
        ),
      ),
  'not editable': ({ editable }) => complain(editable === false, 'editable'),
  'schema version is pinned': ({ schemaVersion }) =>
    complain(schemaVersion === SCHEMA_VERSION, `schema version ${schemaVersion}`),
  'refresh and time range are set': ({ refresh, time }) =>
    complain(
      refresh === '5s' && /^now-\d+[hd]$/.test(time?.from ?? '') && time?.to === 'now',
      `refresh ${refresh}, ${time?.from} to ${time?.to}`,
    ),
  'has a name of its own and no number': ({ uid, title, description, id }) =>
    complain(
      /^[a-z-]{3,40}$/.test(uid ?? '') &&
        (title?.length ?? 0) > 5 &&
        (description?.length ?? 0) >= 20 &&
        id == null,
      `uid ${uid}, title ${title}, id ${id}`,
    ),
  'links to all dashboards of its tag': ({ tags, links }) => {
    const link = links?.find((one) => one.type === 'dashboards')
    const isIn = tags?.includes(TAG) && link?.tags?.join() === TAG
    return complain(isIn && link?.includeVars && link.keepTime, 'tag or link is missing')
  },
  'panel links lead to a dashboard': (dashboard) =>
    panelsOf(dashboard).flatMap(({ title, links = [] }) =>
      links.flatMap(({ url = '' }) => {
        const uid = /^\/d\/([\w-]+)\?/.exec(url)?.[1] ?? ''
        return complain((Object.values(UIDS) as string[]).includes(uid), `${title}: ${url}`)
      }),
    ),
  'no datasource but the chosen one': (dashboard) => {
    const found = [...JSON.stringify({ ...dashboard, uid: undefined }).matchAll(/"uid":"([^"]*)"/g)]
    const others = found.map(([, uid]) => uid).filter((uid) => uid !== DATASOURCE)
    const silent = panelsOf(dashboard)
      .filter(({ type }) => type !== 'text')
      .flatMap(({ title, datasource, targets = [] }) =>
        [datasource, ...targets.map((target) => target.datasource)].flatMap((one) =>
          complain(one?.uid === DATASOURCE && one.type === 'prometheus', `${title}: no datasource`),
        ),
      )
    return [...others.map((uid) => `datasource ${uid}`), ...silent]
  },
  'panel ids are unique': (dashboard) => {
    const ids = (dashboard.panels ?? [])
      .flatMap((panel) => [panel, ...(panel.panels ?? [])])
      .map(({ id }) => id)
    const isGood = ids.every((id) => Number.isInteger(id) && (id ?? 0) > 0)
    return complain(isGood && new Set(ids).size === ids.length, `ids ${ids}`)
  },
  'titles are unique': (dashboard) => {
    const titles = panelsOf(dashboard).map(({ title }) => title)
    return titles.filter((title, index) => titles.indexOf(title) !== index).map(String)
  },
  'panels fill the grid': ({ panels = [] }) => [
    ...gridProblems(panels),
    ...panels.flatMap(({ panels: inside = [] }) => gridProblems(inside)),
  ],
  'ends with a folded help': ({ panels = [] }) => {
    const last = panels.at(-1)
    const text = last?.panels?.[0]
    const content = String(text?.options?.content ?? '')
    return complain(
      last?.type === 'row' && last.collapsed && text?.type === 'text' && content.length > 200,
      'no help',
    )
  },
}

/** An empty list, or the complaint. */
export function complain(isGood: unknown, text: string): string[] {
  return isGood ? [] : [text]
}

/** Every cell of the grid from the first to the last line belongs to exactly one panel. */
function gridProblems(panels: readonly Panel[]): string[] {
  const taken = new Map<string, string>()
  const problems: string[] = []
  let top = Number.POSITIVE_INFINITY
  let bottom = 0
  for (const { title = '', type, gridPos } of panels) {
    const { x, y, w, h } = gridPos ?? { x: 0, y: 0, w: 0, h: 0 }
    if (w < 1 || h < 1 || x + w > 24) problems.push(`${title}: ${x} + ${w} wide, ${h} high`)
    if (type === 'row' && (w !== 24 || h !== 1)) problems.push(`${title}: a row of another size`)
    for (let row = y; row < y + h; row += 1) {
      for (let column = x; column < x + w; column += 1) {
        const other = taken.get(`${column},${row}`)
        if (other !== undefined) problems.push(`${title}: over ${other}`)
        taken.set(`${column},${row}`, title)
      }
    }
    top = Math.min(top, y)
    bottom = Math.max(bottom, y + h)
  }
  const cells = panels.length === 0 ? 0 : (bottom - top) * 24
  return taken.size === cells ? problems : [...problems, `${cells - taken.size} cells are empty`]
}
