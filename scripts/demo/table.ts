import { FIGURE_NAMES, type Values } from './figures.ts'

/** One figure of one source, true and on the page; undefined where it cannot be told. */
export interface Row {
  readonly source: string
  readonly what: string
  readonly truth: number | undefined
  readonly page: number | undefined
}

/** All figures of a source; what grew on the page since `before` stands beside the truth. */
export function rowsOf(source: string, truth: Values, before: Values, after: Values): Row[] {
  return FIGURE_NAMES.map((what) => {
    const now = after.get(what)
    const page = now === undefined ? undefined : now - (before.get(what) ?? 0)
    return { source, what, truth: truth.get(what), page }
  })
}

/** Whether the page says what is true, or is silent where nothing can be told. */
export function isRight({ truth, page }: Row): boolean {
  return truth === page
}

/** A line of the table. */
export interface TableLine {
  readonly kind: 'head' | 'gap' | 'right' | 'wrong'
  readonly text: string
}

/** The table, an empty line before each source; `–` stands for what a log cannot tell. */
export function tableLines(rows: readonly Row[]): TableLine[] {
  const lines: TableLine[] = []
  for (const [index, row] of rows.entries()) {
    if (row.source !== rows[index - 1]?.source) lines.push({ kind: 'gap', text: '' })
    const right = isRight(row)
    const cells = [numberOrDash(row.truth), numberOrDash(row.page), right ? 'yes' : 'NO']
    lines.push({
      kind: right ? 'right' : 'wrong',
      text: align([row.source, row.what, ...cells]),
    })
  }
  return [{ kind: 'head', text: align(['producer', 'what', 'truth', 'page', 'ok']) }, ...lines]
}

function align([source = '', what = '', truth = '', page = '', ok = '']: string[]): string {
  return `${source.padEnd(10)}${what.padEnd(24)}${truth.padStart(11)}${page.padStart(11)}  ${ok}`
}

function numberOrDash(value: number | undefined): string {
  return value === undefined ? '–' : value.toLocaleString('en')
}
