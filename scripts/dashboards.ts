/**
 * Writes the dashboards that Grafana imports; with --check it only compares, and ends with 1 if one differs
 * from what is committed.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { BOARDS, renderJson } from '../dashboards/src/boards.ts'

const FOLDER = join(import.meta.dirname, '../dashboards')

const isCheck = process.argv.includes('--check')
for (const [name, board] of Object.entries(BOARDS)) {
  const path = join(FOLDER, name)
  const wanted = renderJson(board)
  if (readIfThere(path) === wanted) continue
  if (isCheck) {
    console.error(`dashboards/${name} differs from its source: run npm run dashboards`)
    process.exitCode = 1
  } else {
    writeFileSync(path, wanted)
    console.log(`dashboards/${name} written`)
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
