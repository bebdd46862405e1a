/** Golden pages: what `replay` says about each recorded stream, kept beside it as `<case>.prom`. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { relative } from 'node:path'
import { parseCommandLine } from '../../exporter/cli.ts'
import { loadConfig } from '../../exporter/config/load.ts'
import { replay, withConfig } from '../../exporter/replay-command.ts'
import {
  type Fixture,
  fixtures,
  type LogFixture,
  logFixtures,
} from '../../test/support/fixtures.ts'

const RUN_SNAP = 'run `npm run snap` and read what it wrote'
const MAX_RECORD_BYTES = 1 << 20

type Recording = Fixture & Partial<Pick<LogFixture, 'args'>>

/** Every recorded stream and log. */
function recordings(root: string): readonly Recording[] {
  return [...fixtures(root), ...logFixtures(root)]
}

/** What `replay` is told. */
export function argumentsOf({ path, vantage, args = [] }: Recording): readonly string[] {
  return [...args, ...(vantage === 'client' ? ['--vantage', vantage] : []), path]
}

/** The page that `quic-lb-exporter replay …` prints; throws for a command line that is not one. */
export async function replayPage(...args: readonly string[]): Promise<string> {
  const command = parseCommandLine(['replay', ...args], {})
  if (command.command !== 'replay') throw new Error(`no replay: ${JSON.stringify(command)}`)
  const request = { ...command, maxRecordBytes: MAX_RECORD_BYTES }
  if (command.file === undefined) return replay(request)
  const loaded = loadConfig({
    file: command.file,
    flags: {},
    env: {},
    readFile: (file) => readFileSync(file, 'utf8'),
  })
  if (loaded.errors !== undefined) throw new Error(loaded.errors.join('\n'))
  return replay(withConfig(request, loaded.config))
}

/** Writes every golden page that is missing or different; returns which. */
export async function writeGoldens(root: string): Promise<string[]> {
  const written: string[] = []
  for (const fixture of recordings(root)) {
    const { golden } = fixture
    const page = await replayPage(...argumentsOf(fixture))
    if (existsSync(golden) && readFileSync(golden, 'utf8') === page) continue
    writeFileSync(golden, page)
    written.push(relative(root, golden))
  }
  return written
}

/** What is wrong with the streams and golden pages below a folder, each in words that say what to do. */
export async function goldenProblems(root: string, dialects: readonly string[]): Promise<string[]> {
  const all = recordings(root)
  const folders = new Set(all.map(({ dialect }) => dialect))
  const problems = [
    ...dialects.filter((name) => !folders.has(name)).map(noFixture),
    ...[...folders].filter((name) => !dialects.includes(name)).map(noDialect),
    ...orphans(root, all).map((golden) => `${golden}: there is no such stream; delete the page`),
  ]
  for (const fixture of all) problems.push(...(await pageProblems(fixture, root)))
  return problems
}

function noFixture(dialect: string): string {
  return `dialect ${dialect} has no stream: put one into test/fixtures/${dialect}/, then ${RUN_SNAP}`
}

function noDialect(folder: string): string {
  return `${folder}/: no dialect of that name is registered in qlog-parsers/dialects/index.ts`
}

function orphans(root: string, all: readonly Fixture[]): string[] {
  const known = new Set(all.map(({ golden }) => relative(root, golden)))
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.prom') && !known.has(name))
    .sort()
}

async function pageProblems(fixture: Recording, root: string): Promise<string[]> {
  const { path, golden } = fixture
  if (!existsSync(golden)) return [`${relative(root, path)} has no golden page: ${RUN_SNAP}`]
  const expected = readFileSync(golden, 'utf8').split('\n')
  const seen = (await replayPage(...argumentsOf(fixture))).split('\n')
  const lines = Math.max(expected.length, seen.length)
  const different = Array.from({ length: lines }, (_, i) => i).filter(
    (i) => expected[i] !== seen[i],
  )
  const [first] = different
  if (first === undefined) return []
  return [
    [
      `${relative(root, golden)} is not what replay says now, first in line ${first + 1}:`,
      `  golden: ${expected[first] ?? '(the page ends)'}`,
      `  replay: ${seen[first] ?? '(the page ends)'}`,
      `  If that is meant, ${RUN_SNAP}.`,
    ].join('\n'),
  ]
}
