import { globSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { stringify } from 'yaml'
import { nameOf, readTrials, tryRule } from '../../scripts/alerts-suite.ts'
import {
  documentedExpressions,
  documentedQueries,
  projectFile,
  readAlerts,
} from '../support/alert-files.ts'
import { peer, skipWithout } from './peers.ts'
import { run } from './processes.ts'
import { temporaryDirectory } from './workspace.ts'

const PROJECT = join(import.meta.dirname, '../..')
const skip = skipWithout('promtool', 'amtool')

/** What promtool or amtool has to say, and how it ended. */
async function told(t: Test, program: 'promtool' | 'amtool', ...args: string[]) {
  const { code, stdout, stderr } = await run(t, { program: peer(program), args, cwd: PROJECT })
  return { code, text: stdout + stderr }
}

t.test('promtool and amtool find no fault', { skip }, async (t) => {
  const rules = globSync('alerts/*.rules.yml', { cwd: PROJECT }).sort()
  t.equal(rules.length, 2)
  for (const [program, args] of [
    ['promtool', ['check', 'rules', '--lint=all', '--lint-fatal', ...rules]],
    ['promtool', ['check', 'config', '--lint=all', '--lint-fatal', 'alerts/prometheus.yml']],
    ['amtool', ['check-config', 'alerts/alertmanager.yml']],
  ] as const) {
    const { code, text } = await told(t, program, ...args)
    t.equal(code, 0, `${args.join(' ')}\n${text}`)
  }
})

t.test('the unit tests of rules and alerts pass', { skip }, async (t) => {
  for (const file of globSync('test/alerts/*.test.yml', { cwd: PROJECT }).sort()) {
    const { code, text } = await told(t, 'promtool', 'test', 'rules', file)
    t.equal(code, 0, `${file}\n${text}`)
  }
})

t.test('what docs/alerts.md tells to ask can be asked', { skip }, async (t) => {
  const directory = await temporaryDirectory(t)
  const expressions = documentedExpressions()
  t.ok(expressions.length > 30, `${expressions.length} expressions`)
  const rules = expressions.map((expr, index) => ({ record: `asked:${index}`, expr }))
  await writeFile(join(directory, 'asked.yml'), stringify({ groups: [{ name: 'asked', rules }] }))
  const example = /```yaml\n(groups:[\s\S]*?)```/.exec(projectFile('docs/alerts.md'))?.[1] ?? ''
  await writeFile(join(directory, 'example.yml'), example)
  for (const name of ['asked.yml', 'example.yml']) {
    const { code, text } = await told(t, 'promtool', 'check', 'rules', join(directory, name))
    t.equal(code, 0, text)
  }
})

t.test(
  'each query block of the pages is one query, to be pasted as it stands',
  { skip },
  async (t) => {
    const directory = await temporaryDirectory(t)
    const queries = documentedQueries()
    t.ok(queries.length > 20, `${queries.length} queries`)
    const rules = queries.map(({ expr }, index) => ({ record: `asked:${index}`, expr }))
    const file = join(directory, 'queries.yml')
    await writeFile(file, stringify({ groups: [{ name: 'queries', rules }] }))
    const { code, text } = await told(t, 'promtool', 'check', 'rules', file)
    const places = queries.map(({ place }, index) => `asked:${index} is ${place}`).join('\n')
    t.equal(code, 0, code === 0 ? 'all are read' : `${text}\n${places}`)
  },
)

t.test('annotations can be read when an alert fires', { skip }, async (t) => {
  const directory = await temporaryDirectory(t)
  for (const trial of readTrials()) {
    const { alert } = trial.rule
    if (alert === undefined) continue
    // Asks when it surely fires, expects nothing, and reads what promtool got instead.
    const files = trial.files.slice(0, 1).map((file) => ({
      ...file,
      tests: file.tests.slice(0, 1).map(({ promql_expr_test: queries, ...test }) => {
        const isIt = ({ labels = '' }: { labels?: string }) =>
          !labels.includes('alertname') || labels.includes(`alertname="${alert}"`)
        const firing = queries.find(({ exp_samples: samples = [] }) => samples.some(isIt))
        const when = { eval_time: firing?.eval_time, alertname: alert, exp_alerts: [] }
        return { ...test, promql_expr_test: [], alert_rule_test: [when] }
      }),
    }))
    const { output } = await tryRule(peer('promtool'), directory, { ...trial, files }, trial.rule)
    t.match(output, /got:/, `${nameOf(trial.rule)} fires`)
    t.match(output, /summary="\S/, `${nameOf(trial.rule)} has a summary`)
    t.notMatch(output, /error expanding|no value|%!|NaN|\{\{/, `${nameOf(trial.rule)} can be read`)
  }
  t.ok(readAlerts().length > 40)
})
