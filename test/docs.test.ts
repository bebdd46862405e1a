import { execFileSync, spawnSync } from 'node:child_process'
import { appendFileSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { configurationReference } from '../exporter/config/reference.ts'
import { configJsonSchema, settings } from '../exporter/config/settings.ts'

const SCRIPT = fileURLToPath(new URL('../scripts/docs.ts', import.meta.url))

t.test('the configuration reference in the repository is the one of the schema', async (t) => {
  const page = readFileSync(new URL('../docs/configuration.md', import.meta.url), 'utf8')
  t.equal(page, configurationReference())
  const schema = readFileSync(new URL('../docs/config.schema.json', import.meta.url), 'utf8')
  t.equal(schema, configJsonSchema())
})

t.test('every setting has its row, and every row its five cells', async (t) => {
  const rows = configurationReference()
    .split('\n')
    .filter((line) => line.startsWith('| `'))
  t.equal(rows.length, settings.length)
  for (const row of rows) t.equal(row.split('|').length, 7, row)
  for (const { key, description } of settings) t.match(description, /^[A-Z].*\.$/, key)
})

t.test('the JSON Schema carries no notes of ours', async (t) => {
  const notes = /"(flag|env|unit|limits|placeholder|details)":/
  t.notMatch(configJsonSchema(), notes)
  t.match(configJsonSchema(), /"additionalProperties": false/)
})

t.test('a document that somebody changed by hand is found', async (t) => {
  const cwd = t.testdir()
  execFileSync(process.execPath, [SCRIPT], { cwd })
  const check = () => spawnSync(process.execPath, [SCRIPT, '--check'], { cwd, encoding: 'utf8' })
  t.equal(check().status, 0)
  appendFileSync(`${cwd}/docs/configuration.md`, 'more\n')
  const { status, stderr } = check()
  t.equal(status, 1)
  t.match(stderr, /^docs\/configuration.md differs/m)
})
