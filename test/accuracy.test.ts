import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { measureAll } from '../scripts/accuracy-cases.ts'
import { figuresOf, sumOf } from '../scripts/accuracy-figures.ts'
import { measureKnown } from '../scripts/accuracy-known.ts'
import { accuracyPage } from '../scripts/accuracy-page.ts'
import { unexplained } from '../scripts/accuracy-relay.ts'
import { compareSeries } from '../scripts/accuracy-series.ts'

const measured = await measureAll()
const known = await measureKnown()

for (const one of measured) {
  t.test(one.name, async (t) => {
    const { compared, differences } = compareSeries(one.page, one.testimony)
    t.ok(compared > 300, 'replay exposes the QUIC families')
    t.equal(sumOf(one.page, 'quic_connections_total'), one.texts.length, 'connections')
    for (const { name, replay, truth } of figuresOf(one)) t.equal(replay, truth, name)
    t.strictSame(differences, [], 'every series equals the witness')
  })
}

t.test('what is known of other logs', async (t) => {
  t.not(known.length, 0)
  for (const { recording, series, replay, truth } of known) {
    t.equal(replay, truth, `${recording}: ${series}`)
  }
})

t.test('declared loss that is not the network’s has a reason', async (t) => {
  t.strictSame(unexplained(measured), [])
})

t.test('docs/accuracy.md is what the recordings say today', async (t) => {
  const committed = await readFile(join(import.meta.dirname, '..', 'docs', 'accuracy.md'), 'utf8')
  t.equal(committed, accuracyPage(measured, known))
})
