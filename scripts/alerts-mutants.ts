/** Small faults that somebody might make in a rule; its tests must notice each. */

/** A rule of a rules file, as far as it matters here. */
export interface Rule {
  readonly alert?: string
  readonly record?: string
  readonly expr: string
  readonly for?: string
  readonly labels?: Readonly<Record<string, string>>
}

/** A rule with one fault, and what was done to it. */
export interface Mutant {
  readonly what: string
  readonly rule: Rule
}

/** All mutants of a rule whose tests evaluate every `stepSeconds`. */
export function mutantsOf(rule: Rule, stepSeconds: number): Mutant[] {
  const exprs = OPERATORS.flatMap((operator) => operator(rule.expr))
  const seen = new Set([rule.expr])
  const mutants: Mutant[] = []
  for (const { what, expr } of exprs) {
    if (seen.has(expr)) continue
    seen.add(expr)
    mutants.push({ what, rule: { ...rule, expr } })
  }
  return [...mutants, ...durations(rule, stepSeconds), ...severities(rule)]
}

interface Change {
  readonly what: string
  readonly expr: string
}

type Operator = (expr: string) => Change[]

const OPERATORS: readonly Operator[] = [
  comparisons,
  numbers,
  ranges,
  labelLists,
  matchers,
  clauses,
  aggregations,
]

const FLIPPED: Readonly<Record<string, readonly string[]>> = {
  '>': ['<', '>='],
  '<': ['>', '<='],
  '>=': ['<', '>'],
  '<=': ['>', '<'],
  '==': ['!='],
  '!=': ['=='],
}

function comparisons(expr: string): Change[] {
  return each(expr, /(?<=\s)(?:>=?|<=?|==|!=)(?=\s)/g, ([found]) => FLIPPED[found] ?? [])
}

/** Numbers that are no part of a name, a string, a range or an offset; zeros become ones. */
function numbers(expr: string): Change[] {
  const number = /(?<![\w."[:=-])\d+(?:\.\d+)?(?:e\d+)?(?![\w.":\]])/g
  return each(expr, number, ([found], before) => {
    // Changes are whole.
    if (/\bchanges\([^)]*\) > $/.test(before))
      return [`${Number(found) + 1}`, `${Number(found) - 1}`]
    if (Number(found) !== 0) return [1.1, 0.9].map((factor) => `${Number(found) * factor}`)
    return />\s*$|[=!<]=?\s*$/.test(before) ? [] : ['1', '-1']
  })
}

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }

function ranges(expr: string): Change[] {
  const range = /(?<=\[|offset )(\d+)([smhdw])/g
  return each(expr, range, ([, count = '', unit = '']) => {
    const seconds = Number(count) * (SECONDS[unit] ?? 0)
    return [seconds * 2, seconds / 2].map((changed) => `${Math.round(changed)}s`)
  })
}

function labelLists(expr: string): Change[] {
  return each(expr, /(?<=(?:without|on|ignoring) )\(([\w, ]+)\)/g, ([, list = '']) => {
    const labels = list.split(/,\s*/)
    return labels.map((label) => `(${labels.filter((other) => other !== label).join(', ')})`)
  })
}

function matchers(expr: string): Change[] {
  return each(expr, /\{([^}]+)\}/g, ([, list = '']) => {
    const all = list.match(/\w+(?:=~|!~|!=|=)"[^"]*"/g) ?? []
    return all.map((one) => `{${all.filter((other) => other !== one).join(',')}}`)
  })
}

/** Leaves out `and …`, `or …` and `unless …`, wherever they stand. */
function clauses(expr: string): Change[] {
  return each(expr, /(?<=\s)(?:and|or|unless)\s/g, () => ['\0']).map(({ what, expr: marked }) => {
    const start = marked.indexOf('\0')
    const end = start + 1 + clauseLength(marked.slice(start + 1))
    return {
      what: `${what.split(' → ')[0]} left out`,
      expr: marked.slice(0, start) + marked.slice(end),
    }
  })
}

/** How far a clause reaches: to the next set operator beside it, or the parenthesis around it. */
function clauseLength(text: string): number {
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '(') depth++
    if (text[at] === ')' && --depth < 0) return at
    if (depth === 0 && at > 0 && /^\s(?:and|or|unless)\s/.test(text.slice(at))) return at
  }
  return text.length
}

const SWAPPED: Readonly<Record<string, string>> = {
  min: 'max',
  max: 'min',
  clamp_min: 'clamp_max',
  clamp_max: 'clamp_min',
  avg_over_time: 'max_over_time',
  increase: 'rate',
}

function aggregations(expr: string): Change[] {
  const name = /\b(?:min|max|clamp_min|clamp_max|avg_over_time|increase)\b(?=\s?(?:\(|without))/g
  return each(expr, name, ([found]) => [SWAPPED[found] ?? found])
}

/** One change for each replacement of each match. */
function each(
  expr: string,
  pattern: RegExp,
  replace: (match: RegExpMatchArray, before: string) => readonly string[],
): Change[] {
  return [...expr.matchAll(pattern)].flatMap((match) => {
    const before = expr.slice(0, match.index)
    const after = expr.slice(match.index + match[0].length)
    return replace(match, before).map((instead) => ({
      what: `${match[0].trim()} → ${instead} at ${before.length}`,
      expr: before + instead + after,
    }))
  })
}

/** `for` longer and shorter by one evaluation. */
function durations(rule: Rule, step: number): Mutant[] {
  if (rule.for === undefined) return []
  const [, count = '', unit = ''] = /^(\d+)([smhdw])$/.exec(rule.for) ?? []
  const seconds = Number(count) * (SECONDS[unit] ?? Number.NaN)
  const changed = [seconds + step, seconds - step].filter((one) => one >= 0)
  return changed.map((one) => ({
    what: `for: ${rule.for} → ${one}s`,
    rule: { ...rule, for: `${one}s` },
  }))
}

function severities(rule: Rule): Mutant[] {
  const { severity } = rule.labels ?? {}
  if (severity === undefined) return []
  const other = severity === 'critical' ? 'warning' : 'critical'
  return [
    {
      what: `severity ${severity} → ${other}`,
      rule: { ...rule, labels: { ...rule.labels, severity: other } },
    },
  ]
}
