import type { Values } from './figures.ts'
import { playOnce } from './once.ts'
import type { Paint } from './paint.ts'
import type { Recording } from './recordings.ts'
import type { Stage } from './stage.ts'
import { isRight, tableLines } from './table.ts'

const STYLES = { head: 'bold', gap: undefined, right: undefined, wrong: 'red' } as const

/** Plays all recordings once and prints each figure beside the truth; resolves to the exit code. */
export async function check(
  stage: Stage,
  recordings: readonly Recording[],
  truths: ReadonlyMap<string, Values>,
  { paint, print }: { readonly paint: Paint; readonly print: (text: string) => void },
): Promise<0 | 1> {
  print(`Playing ${recordings.length} recorded connections at full speed through the exporter.\n\n`)
  const rows = await playOnce(stage, recordings, truths)
  for (const { kind, text } of tableLines(rows)) {
    const style = STYLES[kind]
    print(`${style === undefined ? text : paint(style, text)}\n`)
  }
  const wrong = rows.filter((row) => !isRight(row)).length
  const verdict =
    wrong === 0
      ? paint('green', 'the page is true')
      : paint('red', `${wrong} on the page ${wrong === 1 ? 'is' : 'are'} wrong`)
  print(`\n${recordings.length} connections, ${rows.length} figures: ${verdict}\n`)
  return wrong === 0 ? 0 : 1
}
