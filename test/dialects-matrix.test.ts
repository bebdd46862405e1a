/** What a dialect says that it can tell, against what its recordings really told. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { signalFamilies } from '../exporter/collectors/presence.ts'
import { createPipeline } from '../exporter/pipeline.ts'
import { allDialects } from '../scripts/docs/all-dialects.ts'
import { cell, seenFamilies } from '../scripts/docs/dialects-reference.ts'
import { FIXTURES } from './support/fixtures.ts'
import { parsePage } from './support/page.ts'
import { UNSEEN } from './support/unseen.ts'

const families = signalFamilies(createPipeline().metrics)

for (const dialect of allDialects) {
  const folder = join(FIXTURES, dialect.name)
  const pages = readdirSync(folder)
    .filter((name) => name.endsWith('.prom'))
    .map((name) => ({ name, page: parsePage(readFileSync(join(folder, name), 'utf8')) }))

  t.test(
    `${dialect.name}: a page has what its capability rows promise, and nothing else`,
    async (t) => {
      t.not(pages.length, 0)
      for (const { name, page } of pages) {
        const rows = page.get('quic_exporter_source_capability')?.samples ?? []
        t.same(
          rows.map(({ labels }) => labels.signal).sort(),
          families.map(({ spec }) => spec.name).sort(),
          `${name}: a row for every family`,
        )
        for (const { spec } of families) {
          const row = rows.find(({ labels }) => labels.signal === spec.name)
          const isThere = page.has(spec.name)
          if (row?.value === 0) t.notOk(isThere, `${name}: ${spec.name} is absent, not zero`)
          // `replay` prints nothing that depends on the clock.
          else if (spec.absentUntilSet !== true && spec.depends !== 'clock')
            t.ok(isThere, `${name}: ${spec.name} is there`)
        }
      }
    },
  )

  t.test(
    `${dialect.name}: what it can tell happens in a recording, or is known not to`,
    async (t) => {
      const seen = seenFamilies(folder)
      const cells = families.map((family) => ({
        name: family.spec.name,
        says: cell(family, dialect, seen.has(family.spec.name)),
      }))
      const lies = cells.filter(({ name, says }) => says === '–' && seen.has(name))
      t.same(
        lies.map(({ name }) => name),
        [],
        'nothing is told that it cannot tell',
      )
      t.same(
        cells.flatMap(({ name, says }) => (says.endsWith('unseen') ? [name] : [])).sort(),
        [...(UNSEEN[dialect.name] ?? [])].sort(),
        'what no recording holds is listed in support/unseen.ts, and nothing else is',
      )
    },
  )
}
