import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PRODUCERS, type Producer } from './producers.ts'

const FIXTURES = join(import.meta.dirname, '../../test/fixtures')

/** What was known of a recording when it was made, by column name. */
export type TruthLine = Readonly<Record<string, string>>

/** The log of one real connection. */
export interface Recording {
  readonly producer: Producer
  /** One character for each byte, so that what is not touched stays as it was written. */
  readonly text: string
  /** Its line of TRUTH.tsv or, with nothing but the moves, of MOVES.tsv. */
  readonly truth: TruthLine
}

/** The recordings of which TRUTH.tsv or MOVES.tsv tells the truth. */
export function readRecordings(): Recording[] {
  const lines = ['TRUTH.tsv', 'MOVES.tsv'].flatMap((name) => readTable(join(FIXTURES, name)))
  return lines.map((truth) => {
    const { path = '' } = truth
    const producer = PRODUCERS.find(({ folder }) => path.startsWith(`${folder}/`))
    if (producer === undefined) throw new Error(`nobody is known to have written ${path}`)
    return { producer, text: readFileSync(join(FIXTURES, path), 'latin1'), truth }
  })
}

function readTable(path: string): TruthLine[] {
  const [head = '', ...lines] = readFileSync(path, 'utf8').trimEnd().split('\n')
  const columns = head.split('\t')
  return lines.map((line) => {
    const cells = line.split('\t')
    return Object.fromEntries(columns.map((column, index) => [column, cells[index] ?? '']))
  })
}
