/** The layer rules are errors of the linter, with our own sentence. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import t, { type Test } from 'tap'

const biome = createRequire(import.meta.url).resolve('@biomejs/biome/bin/biome')

type Import = readonly [folder: string, module: string]

/** What the linter says of each import, in files of a copy of the house. */
function lint(t: Test, imports: readonly Import[]): string[] {
  const house = t.testdir({ 'biome.json': readFileSync(new URL('../biome.json', import.meta.url)) })
  imports.forEach(([folder, module], index) => {
    mkdirSync(join(house, folder), { recursive: true })
    const text = `import { anything } from '${module}'\n\nexport const something = anything\n`
    writeFileSync(join(house, folder, `file-${index}.ts`), text)
  })
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [biome, 'lint', '--colors=off', '--max-diagnostics=none', '--vcs-enabled=false', '.'],
    { cwd: house, encoding: 'utf8' },
  )
  const said = (stdout + stderr).split(/^(?=\S+\.ts:\d+:\d+ )/m)
  return imports.map((_, index) =>
    said.filter((part) => part.split(':')[0]?.endsWith(`file-${index}.ts`)).join(''),
  )
}

const FORBIDDEN: readonly (readonly [...Import, sentence: string])[] = [
  ['qlog-parsers', 'node:fs', 'qlog-parsers is pure'],
  ['qlog-parsers/dialects', '../../exporter/pipeline.ts', 'qlog-parsers is pure'],
  ['exporter/tail', '../../qlog-parsers/index.ts', 'tail knows bytes only'],
  ['exporter/tail', 'prom-client', 'tail knows bytes only'],
  ['exporter/archives', '../metrics/store.ts', 'archives know bytes only'],
  ['exporter/state', '../tail/tailer.ts', 'state keeps rows of bytes'],
  ['exporter/state', '../metrics/store.ts', 'state keeps rows of bytes'],
  ['exporter/connections', '../collectors/loss.ts', 'connections hold state'],
  ['exporter/connections', 'node:fs', 'connections hold state'],
  ['exporter/collectors', '../tail/tailer.ts', 'collectors say which events'],
  ['exporter/collectors', 'prom-client', 'collectors say which events'],
  ['exporter/metrics', '../connections/table.ts', 'the metric store knows names'],
  ['exporter/config', '../web/server.ts', 'config turns files'],
  ['exporter/web', '../../qlog-parsers/index.ts', 'web serves a page'],
  ['exporter/probers', '../metrics/store.ts', 'probers look at one target'],
  ['exporter/probers/quic', '../../config/schema.ts', 'probers look at one target'],
  ['exporter/probers', '../probing/scheduler.ts', 'probers look at one target'],
  ['exporter/probing', '../web/server.ts', 'probing says when'],
  ['exporter/probing', 'prom-client', 'probing says when'],
  ['exporter', 'fastify', 'only web imports fastify'],
  ['exporter', 'prom-client', 'only web imports fastify'],
]

const ALLOWED: readonly Import[] = [
  ['exporter/tail', 'chokidar'],
  ['exporter/web', 'fastify'],
  ['exporter/metrics', 'prom-client'],
  ['exporter/tail', '../state/row.ts'],
  ['exporter/probers', 'node:net'],
  ['exporter/probing', '../probers/index.ts'],
  ['exporter/probing', '../config/schema.ts'],
  ['exporter/probing', '../collectors/probing.ts'],
  ['exporter/archives', '../tail/sink.ts'],
  ['exporter/connections', '../state/row.ts'],
  ['exporter/collectors', '../metrics/store.ts'],
  ['exporter/connections', '../../qlog-parsers/index.ts'],
]

t.test('an import against the flow is an error that says why', (t) => {
  const said = lint(
    t,
    FORBIDDEN.map(([folder, module]) => [folder, module]),
  )
  FORBIDDEN.forEach(([folder, module, sentence], index) => {
    t.match(said[index], /noRestrictedImports/, `${folder} imports ${module}`)
    t.match(said[index], sentence)
  })
  t.end()
})

t.test('an import along the flow is none', (t) => {
  for (const text of lint(t, ALLOWED)) t.notMatch(text, /noRestrictedImports/)
  t.end()
})
