/** The rules and their unit tests as data, and how one rule's tests are run alone. */
import { execFile } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'
import type { Rule } from './alerts-mutants.ts'

const PROJECT = join(import.meta.dirname, '..')
const RULES = ['alerts/recording.rules.yml', 'alerts/quic.rules.yml']
const TESTS = 'test/alerts/*.test.yml'
const RUN_WITHIN_MS = 120_000

/** A query of a unit test. */
export interface Query {
  readonly expr: string
  readonly eval_time?: string
  readonly exp_samples?: readonly { readonly labels?: string }[]
}

interface UnitTest {
  readonly name: string
  readonly promql_expr_test: readonly Query[]
}

interface TestFile {
  readonly evaluation_interval: string
  readonly tests: readonly UnitTest[]
}

/** The tests of one rule, and the other rules that they need. */
export interface Trial {
  readonly rule: Rule
  /** In the order of evaluation, before and after the rule itself. */
  readonly others: { readonly before: readonly Rule[]; readonly after: readonly Rule[] }
  readonly files: readonly TestFile[]
  /** How often the first of them evaluates. */
  readonly stepSeconds: number
}

/** Every rule with its tests; throws if one has none. */
export function readTrials(): Trial[] {
  const rules = readRules()
  const files = globSync(TESTS, { cwd: PROJECT })
    .sort((a, b) => stepOf(readTests(a)) - stepOf(readTests(b)) || a.localeCompare(b))
    .map(readTests)
  return rules.map((rule) => trialOf(rule, rules, files))
}

/** All rules, recording ones first, in the order in which they are evaluated. */
export function readRules(): Rule[] {
  return RULES.flatMap((path) => {
    const { groups } = parse(readFileSync(join(PROJECT, path), 'utf8')) as {
      groups: readonly { rules: readonly Rule[] }[]
    }
    return groups.flatMap((group) => group.rules)
  })
}

/** What a rule is called; alerts of one name differ by their long window. */
export function nameOf(rule: Rule): string {
  const { long, term } = rule.labels ?? {}
  return [rule.alert ?? rule.record, long ?? term].filter(Boolean).join(' ')
}

function readTests(path: string): TestFile {
  return parse(readFileSync(join(PROJECT, path), 'utf8')) as TestFile
}

function stepOf({ evaluation_interval: interval }: TestFile): number {
  return Number.parseInt(interval, 10) * (interval.endsWith('m') ? 60 : 1)
}

function trialOf(rule: Rule, rules: readonly Rule[], files: readonly TestFile[]): Trial {
  const own = files
    .map((file) => ({ ...file, tests: file.tests.flatMap((test) => testsOf(rule, test)) }))
    .filter((file) => file.tests.length > 0)
  const [first] = own
  if (first === undefined) throw new Error(`${nameOf(rule)} has no test`)
  const needed = neededBy(rule, rules, own)
  const at = rules.indexOf(rule)
  const others = {
    before: needed.filter((other) => rules.indexOf(other) < at),
    after: needed.filter((other) => rules.indexOf(other) > at),
  }
  return { rule, others, files: own, stepSeconds: stepOf(first) }
}

function testsOf(rule: Rule, test: UnitTest): UnitTest[] {
  if (rule.alert !== undefined) return `${test.name} `.startsWith(`${nameOf(rule)} `) ? [test] : []
  const { record = '' } = rule
  const queries = test.promql_expr_test.filter(({ expr }) => mentions(expr, record))
  return queries.length === 0 ? [] : [{ ...test, promql_expr_test: queries }]
}

/** What the rule's expression takes, and what its tests expect beside it. */
function neededBy(rule: Rule, rules: readonly Rule[], files: readonly TestFile[]): Rule[] {
  const queries = files.flatMap(({ tests }) => tests.flatMap((test) => test.promql_expr_test))
  const wanted = queries.flatMap(({ expr, exp_samples: samples = [] }) => [
    expr,
    ...samples.map(({ labels = '' }) => labels),
  ])
  const needed = new Set<Rule>()
  const add = (texts: readonly string[]) => {
    for (const other of rules) {
      if (needed.has(other) || other === rule) continue
      const is = texts.some((text) =>
        other.record === undefined
          ? text.includes(`alertname="${other.alert}"`) && other.alert !== rule.alert
          : mentions(text, other.record),
      )
      if (!is) continue
      needed.add(other)
      add([other.expr])
    }
  }
  add([rule.expr, ...wanted])
  return rules.filter((other) => needed.has(other))
}

function mentions(expr: string, record: string): boolean {
  return new RegExp(`(?<![\\w:])${record}(?![\\w:])`).test(expr)
}

/** How the tests of a rule ended. */
export interface Verdict {
  readonly passed: boolean
  readonly output: string
}

/**
 * Runs the tests of a trial with another rule in the place of its own, in a directory of the caller's;
 * rejects if that is no rule, which would prove nothing.
 */
export async function tryRule(
  promtool: string,
  directory: string,
  { rule, others, files }: Trial,
  instead: Rule,
): Promise<Verdict> {
  await mkdir(directory, { recursive: true })
  const rules = [...others.before, instead, ...others.after]
  await writeJson(join(directory, 'rules.yml'), { groups: [{ name: 'all', rules }] })
  let verdict: Verdict = { passed: true, output: '' }
  // The file that evaluates most often covers least time, so it is the quickest to notice.
  for (const { evaluation_interval, tests } of files) {
    const own = { rule_files: ['rules.yml'], evaluation_interval, tests }
    await writeJson(join(directory, 'one.test.yml'), own)
    verdict = await run(promtool, ['test', 'rules', 'one.test.yml'], directory)
    if (!verdict.passed) break
  }
  if (/parse error|could not parse|field .* not found/.test(verdict.output)) {
    throw new Error(`${nameOf(rule)}: no rule: ${instead.expr}\n${verdict.output}`)
  }
  return verdict
}

/** JSON is YAML. */
function writeJson(path: string, value: unknown): Promise<void> {
  return writeFile(path, JSON.stringify(value))
}

function run(program: string, args: readonly string[], cwd: string): Promise<Verdict> {
  return new Promise((resolve, reject) => {
    execFile(program, args, { cwd, timeout: RUN_WITHIN_MS }, (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== 'number') reject(error)
      else resolve({ passed: error === null, output: stdout + stderr })
    })
  })
}
