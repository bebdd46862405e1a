// The witness is trusted because it agrees with what is known without it, and notices what is wrong.
import t from 'tap'
import { readCases } from '../scripts/accuracy-cases.ts'
import { compareSeries, mirroredRows } from '../scripts/accuracy-compare.ts'
import { type Testimony, witness } from '../scripts/witness.ts'

const pageOf = (testimony: Testimony) =>
  [...testimony.series].map(([series, value]) => `${series} ${value}\n`).join('')

const cases = await readCases()

for (const one of cases) {
  t.test(one.name, async (t) => {
    const testimony = witness(one.texts)
    const measured = { ...one, testimony, page: pageOf(testimony) }
    for (const row of mirroredRows(measured)) {
      t.equal(row.replay, row.witness, `${row.quantity} (${row.by})`)
    }
    const wrong = compareSeries(measured).differences.filter((d) => d.witness !== 'present')
    t.strictSame(wrong, [], 'every series is one that METRICS.md lists for this writer')
  })
}

t.test('a page that is wrong in one place is noticed', async (t) => {
  const one = cases.find((candidate) => candidate.name === 'quiche/rebind2')
  if (!one) throw new Error('no recording quiche/rebind2')
  const testimony = witness(one.texts)
  const right = pageOf(testimony)
  const differences = (page: string) =>
    compareSeries({ ...one, testimony, page }).differences.filter((d) => d.witness !== 'present')
  const wrong: readonly (readonly [what: string, page: string])[] = [
    ['a count', right.replace('quic_connections_total 1', 'quic_connections_total 2')],
    ['a series that is missing', right.replace('quic_connections_total 1', '')],
    ['a family it cannot give', `${right}quic_packets_spuriously_lost_total 0\n`],
    ['a label that is not listed', `${right}quic_pto_total{space="initial"} 0\n`],
    [
      'a bound that is not canonical',
      right.replace('rtt_seconds_bucket{le="1.0"}', 'rtt_seconds_bucket{le="1"}'),
    ],
  ]
  for (const [what, page] of wrong) t.ok(differences(page).length > 0, what)
  t.strictSame(differences(right), [])
})
