import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { run } from '../../live/processes.ts'
import { type Program, WITHOUT_OPTIONS } from './exporter.ts'

const PROJECT = fileURLToPath(new URL('../../..', import.meta.url))

interface Lock {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean }>>
}

/** A copy of the program, its packages and Node that every user may read, wherever this one lies. */
export function copyForEverybody(directory: string): Program {
  const node = join(directory, 'node')
  cpSync(process.execPath, node)
  const lock: Lock = JSON.parse(readFileSync(join(PROJECT, 'package-lock.json'), 'utf8'))
  const packages = Object.keys(lock.packages).filter(
    (path) => path !== '' && !lock.packages[path]?.dev && existsSync(join(PROJECT, path)),
  )
  for (const path of ['package.json', 'exporter', 'qlog-parsers', ...packages]) {
    cpSync(join(PROJECT, path), join(directory, path), { recursive: true, dereference: true })
  }
  chmodSync(directory, 0o755)
  return { node, main: join(directory, 'exporter/main.ts') }
}

/** Compiles the program as it is published; what is compiled lies in `directory`. */
export async function compile(t: Test, directory: string): Promise<Program> {
  mkdirSync(directory)
  const { code, stdout, stderr } = await run(t, {
    program: 'env',
    args: [
      ...[...WITHOUT_OPTIONS, process.execPath, 'node_modules/typescript/bin/tsc'],
      ...['-p', 'tsconfig.build.json', '--outDir', directory],
    ],
    cwd: PROJECT,
  })
  t.equal(code, 0, `compiled: ${stdout}${stderr}`)
  cpSync(join(PROJECT, 'package.json'), join(directory, 'package.json'))
  symlinkSync(join(PROJECT, 'node_modules'), join(directory, 'node_modules'))
  return { node: process.execPath, main: join(directory, 'exporter/main.js') }
}
