/** docs/dialects.md: who writes what, how it is known, and which metric comes from whom. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { canGive, signalFamilies } from '../../exporter/collectors/presence.ts'
import type { Family } from '../../exporter/metrics/family.ts'
import { createPipeline } from '../../exporter/pipeline.ts'
import type { DialectRules } from '../../qlog-parsers/index.ts'
import { allDialects, type DocumentedDialect } from './all-dialects.ts'

const HEAD = `# Who writes what

*Generated from the dialects and from the recordings under \`test/fixtures\` by \`npm run docs\`; change a
dialect instead. Tests compare every cell with what the recordings really gave.*

A dialect is one way in which programs write their log. qlog is recognised by its first record; every
other log is named in the configuration (\`sources[].dialect\`). **A recording that somebody made up proves
only how we read**: the column *proven by* says which dialects were tested with what a real program wrote.
`

const RULES_HEAD = `
## By which rule

Three things are said by hardly any writer in so many words: that a handshake is complete, that a
connection is over, that a client has moved. The rule is also on the page
(\`quic_exporter_source_info{handshake,close,migration}\`) and in what \`inspect\` prints.

| dialect | handshake complete | connection over | client moved |
|---|---|---|---|
`

const MATRIX_TEXT = `**yes**: the writer says it, and a recording of it here did. **inferred**: derived by the rule above.
**some**: only where its records show it; the metric is there from the first such record on. **unseen**: its
format has it, but in no recording here did it happen. **–**: it cannot be told, so the metric is absent, not
zero.
`

/** Whether a rule is the writer's own word, or our conclusion. */
const TOLD: ReadonlySet<string> = new Set([
  'state_event',
  'close_event',
  'event',
  'log_line',
  'counter',
])

/** The whole document. `fixtures`: the folder of recordings. */
export function dialectsReference(fixtures: string): string {
  const families = signalFamilies(createPipeline().metrics)
  const seen = new Map(allDialects.map(({ name }) => [name, seenFamilies(join(fixtures, name))]))
  const rows = allDialects.map(
    ({ name, producers, advice }) =>
      `| \`${name}\` | ${producers} | ${proof(join(fixtures, name))} | ${advice} |`,
  )
  return [
    HEAD,
    '| dialect | written by | proven by | to get more |\n|---|---|---|---|',
    ...rows,
    RULES_HEAD.trimEnd(),
    ...allDialects
      .filter(({ rules }) => Object.values(rules).some((rule) => rule !== 'none'))
      .map(({ name, rules: { handshake, close, migration } }) =>
        row(`\`${name}\``, [handshake, close, migration].map(words)),
      ),
    '',
    '## Which metric from whom',
    '',
    MATRIX_TEXT,
    ...matrix(
      'QUIC transport',
      families.filter(({ spec }) => !spec.name.startsWith('quic_lb_')),
      seen,
    ),
    ...matrix(
      'Requests and backends',
      families.filter(({ spec }) => spec.name.startsWith('quic_lb_')),
      seen,
    ),
  ].join('\n')
}

/** What one cell of the matrix says. */
export type Cell = Word | `${Word}, unseen` | '–'

type Word = 'yes' | 'inferred' | 'some'

/** `wasSeen`: some recording of the dialect gave the family a value above 0. */
export function cell(family: Family, dialect: DocumentedDialect, wasSeen: boolean): Cell {
  const word = wordFor(family, dialect)
  if (word === undefined) return '–'
  // What stands at the end of a recording says nothing of what stood before.
  return wasSeen || family.type === 'gauge' ? word : `${word}, unseen`
}

function wordFor(
  family: Family,
  { capabilities, atMost, rules }: DocumentedDialect,
): Word | undefined {
  if (!canGive(family, capabilities)) return canGive(family, atMost) ? 'some' : undefined
  const rule = ruleOf(family.spec.name, rules)
  return rule === undefined || TOLD.has(rule) ? 'yes' : 'inferred'
}

/** Which of its families the recordings of a folder gave a value above 0. */
export function seenFamilies(folder: string): ReadonlySet<string> {
  const pages = filesOf(folder)
    .filter((name) => name.endsWith('.prom'))
    .map((name) => readFileSync(join(folder, name), 'utf8'))
  return new Set(
    pages.flatMap((page) =>
      [...page.matchAll(/^(quic_[a-z0-9_]+?)(?:_count)?(?:\{[^}]*\})? (?!0$)[0-9.]+$/gm)].map(
        ([, name = '']) => name.replace(/_(bucket|sum)$/, ''),
      ),
    ),
  )
}

function ruleOf(family: string, rules: DialectRules): string | undefined {
  if (/^quic_(connection_migrations|path_validation)/.test(family)) return rules.migration
  if (family.startsWith('quic_handshake')) return rules.handshake
  if (family === 'quic_connections_closed_total') return rules.close
  return undefined
}

function matrix(
  title: string,
  families: readonly Family[],
  seen: ReadonlyMap<string, ReadonlySet<string>>,
): string[] {
  const columns = allDialects.filter(({ atMost }) =>
    families.some((family) => canGive(family, atMost)),
  )
  return [
    `### ${title}`,
    '',
    row(
      'metric',
      columns.map(({ name }) => name),
    ),
    `|---|${'---|'.repeat(columns.length)}`,
    ...families.map((family) =>
      row(
        `\`${family.spec.name}\``,
        columns.map((dialect) =>
          cell(family, dialect, seen.get(dialect.name)?.has(family.spec.name) === true),
        ),
      ),
    ),
    '',
  ]
}

function row(head: string, cells: readonly string[]): string {
  return `| ${[head, ...cells].join(' | ')} |`
}

function words(rule: string): string {
  return rule.replaceAll('_', ' ')
}

/** What the recordings of a dialect are worth. */
function proof(folder: string): string {
  const names = filesOf(folder).filter((name) => /\.(s?qlog|log|csv|json|txt)$/.test(name))
  const invented = names.filter((name) => name.startsWith('synthetic'))
  const real = names.length - invented.length
  if (real === 0) return `${invented.length} made up from its documentation; **no real one**`
  const more = invented.length > 0 ? `, ${invented.length} made up` : ''
  return `${real} real ${real === 1 ? 'recording' : 'recordings'}${more}`
}

function filesOf(folder: string): string[] {
  try {
    return readdirSync(folder).sort()
  } catch {
    return []
  }
}
