/** A reload that is told so that nobody sees what changed, or where the mistake is. */
import t from 'tap'
import { loadConfig } from '../exporter/config/load.ts'
import { createLogger } from '../exporter/logging.ts'
import { tellMistakes, tellReload } from '../exporter/reload-notes.ts'

function heard(tell: (log: ReturnType<typeof createLogger>) => void): string[] {
  const lines: string[] = []
  const stream = { write: (line: string) => lines.push(line.trimEnd()) }
  tell(createLogger({ level: 'info', format: 'logfmt', stream, now: () => 0 }))
  return lines.map((line) => line.replace(/^time=\S+ /, ''))
}

const NOTHING = { stopped: [], changed: [], started: [], later: [] }
const none = { backends: 0, targets: 0 }

t.test('what did not change is not told', async (t) => {
  const probes = { before: none, after: none, changed: false }
  const read = 'level=info msg="configuration read again"'
  t.same(
    heard((log) => tellReload(NOTHING, probes, log)),
    [read],
  )
  const some = { ...NOTHING, started: ['a', 'b'], later: ['tail'] }
  const more = { before: none, after: { backends: 2, targets: 0 }, changed: true }
  t.same(
    heard((log) => tellReload(some, more, log)),
    [
      `${read} started=a,b probes=changed backends="0 to 2"`,
      'level=warn msg="settings that count from the next start on" sections=tail',
    ],
  )
})

t.test('two mistakes, each with a line of its own that reaches the point', async (t) => {
  const text = [
    'sources:',
    '  - { name: a, paths: [/a], dialect: cady }',
    '  - { name: b, paths: [/b], dialect: ngix-json }',
  ]
  const file = `/etc/${'long/'.repeat(10)}config.yml`
  const { errors = [] } = loadConfig({ file, flags: {}, env: {}, readFile: () => text.join('\n') })
  const lines = heard((log) => tellMistakes(errors, log))
  t.equal(lines.length, 2)
  t.match(
    lines[0],
    'config.yml:2:38 sources[0].dialect: \\"cady\\" is unknown: did you mean caddy?',
  )
  t.match(lines[1], 'sources[1].dialect: \\"ngix-json\\" is unknown: did you mean nginx-json?')
})

t.test('mistakes without end are bounded', async (t) => {
  const lines = heard((log) =>
    tellMistakes(
      Array.from({ length: 51 }, (_, index) => `mistake ${index}`),
      log,
    ),
  )
  t.equal(lines.length, 11)
  t.match(lines[10], 'more=41')
})
