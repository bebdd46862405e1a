import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryDirectory } from './directory.ts'
import { TREE } from './exporter.ts'
import type { Scope } from './scope.ts'

/** One change in one source file; the text must be there. */
export interface Change {
  readonly file: string
  readonly from: string
  readonly to: string
}

/** Another version of the exporter: its sources, copied and changed. Returns their root. */
export function otherVersion(scope: Scope, { file, from, to }: Change): string {
  const tree = temporaryDirectory(scope)
  for (const part of ['exporter', 'qlog-parsers', 'package.json']) {
    cpSync(join(TREE, part), join(tree, part), { recursive: true })
  }
  symlinkSync(join(TREE, 'node_modules'), join(tree, 'node_modules'))
  const path = join(tree, file)
  const source = readFileSync(path, 'utf8')
  const changed = source.replace(from, to)
  if (changed === source) throw new Error(`${file} has no ${from}`)
  writeFileSync(path, changed)
  return tree
}
