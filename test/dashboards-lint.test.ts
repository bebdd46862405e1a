/** The committed dashboards keep our rules, and every rule notices when they do not. */
import t from 'tap'
import { BOARDS, renderJson } from '../dashboards/src/boards.ts'
import { UIDS } from '../dashboards/src/guide.ts'
import { committedDashboards, type Dashboard, panelsOf } from './support/dashboard-files.ts'
import { BREAKS } from './support/dashboard-mutations.ts'
import { PANEL_RULES } from './support/dashboard-panel-rules.ts'
import { BOARD_RULES } from './support/dashboard-rules.ts'

const RULES = { ...BOARD_RULES, ...PANEL_RULES }
const dashboards = committedDashboards()

t.test('the committed JSON is what the source makes', (t) => {
  for (const [name, board] of Object.entries(BOARDS)) {
    const wanted = JSON.parse(renderJson(board))
    t.same(dashboards[name], wanted, `${name}; if not: npm run dashboards`)
  }
  t.end()
})

t.test('every dashboard keeps every rule', (t) => {
  for (const [name, dashboard] of Object.entries(dashboards)) {
    for (const [rule, check] of Object.entries(RULES)) {
      t.same(check(dashboard), [], `${name}: ${rule}`)
    }
  }
  t.end()
})

t.test('every rule notices a dashboard that breaks it', (t) => {
  t.same(Object.keys(BREAKS).sort(), Object.keys(RULES).sort(), 'there is a break for each rule')
  for (const [rule, breaks] of Object.entries(BREAKS)) {
    for (const [index, spoil] of breaks.entries()) {
      const spoilt = structuredClone(dashboards['network.json']) as Dashboard
      spoil(spoilt)
      t.not(RULES[rule]?.(spoilt).length, 0, `${rule}, break ${index + 1}`)
    }
  }
  t.end()
})

t.test('the seven are told apart and know each other', (t) => {
  const uids = Object.values(dashboards).map(({ uid }) => uid)
  t.same(uids.sort(), Object.values(UIDS).sort())
  const titles = Object.values(dashboards).map(({ title }) => title)
  t.equal(new Set(titles).size, 7)
  t.end()
})

t.test('where a capability is needed the panel says who has it not', (t) => {
  const speaking = Object.values(dashboards)
    .flatMap(panelsOf)
    .filter(({ targets = [] }) =>
      targets.some(({ expr = '' }) => expr.includes('quic_exporter_source_capability')),
    )
  const types = new Set(speaking.map(({ type }) => type))
  t.same([...types].sort(), ['heatmap', 'stat', 'state-timeline', 'table', 'timeseries'])
  t.end()
})
