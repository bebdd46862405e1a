/** Red on a dashboard and an alert are the same number. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { type AlertThreshold, THRESHOLDS } from '../dashboards/src/thresholds.ts'

const RULES = join(import.meta.dirname, '../alerts/quic.rules.yml')

interface RuleFile {
  readonly groups: readonly { readonly rules: readonly { alert?: string; expr: string }[] }[]
}

const skip = existsSync(RULES) ? false : 'NOT TESTED: there is no alerts/quic.rules.yml'
if (skip !== false) console.error(`\n######## ${skip}\n`)

t.test('every threshold is in the expression of its alert', { skip }, (t) => {
  const { groups } = parse(readFileSync(RULES, 'utf8')) as RuleFile
  const rules = groups.flatMap((group) => group.rules)
  for (const [name, threshold] of Object.entries(THRESHOLDS)) {
    const exprs = rules.filter(({ alert }) => alert === threshold.alert).map(({ expr }) => expr)
    t.not(exprs.length, 0, `there is an alert ${threshold.alert}`)
    t.ok(compares(exprs, threshold), `${name}: ${threshold.alert} compares with it`)
    const { value } = threshold
    t.notOk(compares(exprs, { ...threshold, value: value * 1.01 }), `${name}: and not with another`)
    const wrong = threshold.wrong === 'above' ? 'below' : 'above'
    t.notOk(compares(exprs, { ...threshold, wrong }), `${name}: nor in the other direction`)
  }
  t.end()
})

/** Whether one of the expressions has `> value` or `< value`, be it as a factor or behind a matching. */
function compares(exprs: readonly string[], { value, wrong }: AlertThreshold): boolean {
  const sign = wrong === 'above' ? '>' : '<'
  const number = String(value).replace('.', '\\.')
  const pattern = new RegExp(`${sign} (?:ignoring \\(\\w+\\) )?\\(?${number}(?![\\d.])`)
  return exprs.some((expr) => pattern.test(expr.replaceAll(/\s+/g, ' ')))
}
