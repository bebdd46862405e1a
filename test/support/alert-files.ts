/** The shipped rules, their document, and Alertmanager's configuration, as data. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { blocksOf } from './markdown.ts'

const PROJECT = join(import.meta.dirname, '../..')

/** An alert as it stands in quic.rules.yml. */
export interface Alert {
  readonly alert: string
  readonly expr: string
  readonly for?: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

/** A recording rule as it stands in recording.rules.yml. */
export interface Recording {
  readonly record: string
  readonly expr: string
  readonly labels?: Readonly<Record<string, string>>
}

/** A file of the project, as text. */
export function projectFile(path: string): string {
  return readFileSync(join(PROJECT, path), 'utf8')
}

/** All alerts, in their order. */
export function readAlerts(): Alert[] {
  return rulesIn<Alert>('alerts/quic.rules.yml')
}

/** All recording rules, in their order. */
export function readRecordings(): Recording[] {
  return rulesIn('alerts/recording.rules.yml')
}

function rulesIn<Rule>(path: string): Rule[] {
  const { groups } = parse(projectFile(path)) as { groups: readonly { rules: readonly Rule[] }[] }
  return groups.flatMap(({ rules }) => rules)
}

/** Expressions in the prose of docs/alerts.md, with NAME filled in: code that is one. */
export function documentedExpressions(): string[] {
  const text = projectFile('docs/alerts.md')
  const prose = text.replaceAll(/```[\s\S]*?```/g, '')
  const code = [...prose.matchAll(/`([^`]+)`/g)].map(([, span = '']) => span)
  const isExpression = (span: string) =>
    /^[(\w][\w:]*[({]|^\w+ (by|without) \(|^(quic|source|backend|job)[_:]\w/.test(span) &&
    /[a-z]_[a-z]/.test(span)
  return code.filter(isExpression).map((one) => one.replaceAll('NAME', 'a'))
}

/** All promql blocks of the pages, each one thing to paste, by a name that says where it stands. */
export function documentedQueries(): { readonly place: string; readonly expr: string }[] {
  const pages = ['README.md', ...globSync('docs/**/*.md', { cwd: PROJECT }).sort()]
  return pages.flatMap((page) =>
    blocksOf(projectFile(page))
      .filter(({ language }) => language === 'promql')
      .map(({ text }, index) => ({ place: `${page}, query ${index + 1}`, expr: text })),
  )
}
