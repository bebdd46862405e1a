/** The dashboards by the names of their files, in the order in which they are read. */
import { backends } from './backends.ts'
import { type Board, render } from './board.ts'
import { capacity } from './capacity.ts'
import { exporter } from './exporter.ts'
import { migration } from './migration.ts'
import { network } from './network.ts'
import { overview } from './overview.ts'
import { protocols } from './protocols.ts'

export const BOARDS: Readonly<Record<string, Board>> = {
  'overview.json': overview,
  'network.json': network,
  'migration.json': migration,
  'protocols.json': protocols,
  'backends.json': backends,
  'capacity.json': capacity,
  'exporter.json': exporter,
}

/** Text of a dashboard's file, the same each time. */
export function renderJson(board: Board): string {
  return `${JSON.stringify(render(board), null, 2)}\n`
}
