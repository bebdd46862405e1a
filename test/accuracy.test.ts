import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { type Measured, measure, readCases } from '../scripts/accuracy-cases.ts'
import { compareSeries, mirroredRows, readPage, sumOf } from '../scripts/accuracy-compare.ts'
import { accuracyPage, unexplained } from '../scripts/accuracy-page.ts'

const measured: Measured[] = []
for (const one of await readCases()) {
  await t.test(one.name, async (t) => {
    const result = await measure(one)
    measured.push(result)
    t.ok(readPage(result.page).length > 100, 'replay exposes the QUIC families')
    t.equal(sumOf(result.page, 'quic_connections_total'), one.texts.length, 'connections')
    for (const row of mirroredRows(result)) {
      t.equal(row.replay, row.witness, `${row.quantity} (${row.by})`)
    }
    t.strictSame(compareSeries(result).differences, [], 'every series equals the witness')
  })
}

t.test('declared loss that is not the network’s has a reason', async (t) => {
  t.strictSame(unexplained(measured), [])
})

t.test('docs/accuracy.md is what the recordings say today', async (t) => {
  const committed = await readFile(join(import.meta.dirname, '..', 'docs', 'accuracy.md'), 'utf8')
  t.equal(committed, accuracyPage(measured))
})
