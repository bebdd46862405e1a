// The witness is trusted because it agrees with what is known without it, and notices what is wrong.
import t from 'tap'
import { readCases } from '../scripts/accuracy-cases.ts'
import { figuresOf } from '../scripts/accuracy-figures.ts'
import { compareSeries } from '../scripts/accuracy-series.ts'
import { type Testimony, witness } from '../scripts/witness.ts'
import { requiredSeries } from '../scripts/witness-labels.ts'
import { BUCKETS, familiesOf } from '../scripts/witness-tables.ts'
import { canonical } from '../scripts/witness-tally.ts'

// The page that the witness would write: all that must be there, and its capabilities.
function pageOf({ writer, series }: Testimony): string {
  const { must, may, never } = familiesOf(writer)
  const told = [...may].filter((family) => series.has(`${family}_count`))
  const zeros = [...must, ...told].flatMap((family) => {
    const bounds = BUCKETS[family]
    if (!bounds) return requiredSeries(family, writer)
    const buckets = [...bounds, Number.POSITIVE_INFINITY].map(
      (bound) => `${family}_bucket{le="${canonical(bound)}"}`,
    )
    return [...buckets, `${family}_count`, `${family}_sum`]
  })
  const states = ['seconds', 'transitions']
    .map((what) => `quic_congestion_state_${what}_total`)
    .filter((family) => must.has(family))
    .map((family) => `${family}{state="slow_start"}`)
  const drops = must.has('quic_packets_dropped_total')
    ? ['quic_packets_dropped_total{reason="other"}']
    : []
  const values = new Map([...zeros, ...states, ...drops].map((key) => [key, 0]))
  for (const [key, value] of series) values.set(key, value)
  const capability = (family: string, value: number) =>
    `quic_exporter_source_capability{signal="${family}"} ${value}\n`
  return [
    ...[...values].map(([key, value]) => `${key} ${value}\n`),
    ...[...must].map((family) => capability(family, 1)),
    ...[...never].map((family) => capability(family, 0)),
    ...[...may].map((family) => capability(family, told.includes(family) ? 1 : 0)),
  ].join('')
}

const cases = await readCases()

for (const one of cases) {
  t.test(one.name, async (t) => {
    const testimony = witness(one.texts)
    const page = pageOf(testimony)
    for (const { name, replay, truth } of figuresOf({ ...one, testimony, page })) {
      t.equal(replay, truth, name)
    }
    const { differences } = compareSeries(page, testimony)
    t.strictSame(differences, [], 'every series is one that is listed for this writer')
  })
}

t.test('a page that is wrong in one place is noticed', async (t) => {
  const one = cases.find((candidate) => candidate.name === 'quiche/rebind2')
  if (!one) throw new Error('no recording quiche/rebind2')
  const testimony = witness(one.texts)
  const right = pageOf(testimony)
  const changed = (from: string, to: string) => right.replace(from, to)
  const capability = 'quic_exporter_source_capability{signal='
  const wrong: readonly (readonly [what: string, page: string])[] = [
    ['a count', changed('quic_connections_total 1', 'quic_connections_total 2')],
    ['a series that is missing', changed('quic_connections_total 1', '')],
    ['a zero that is missing', changed('quic_key_updates_total{initiator="remote"} 0', '')],
    ['a family it cannot give', `${right}quic_packets_spuriously_lost_total 0\n`],
    ['a value it cannot write', `${right}quic_packets_lost_total{trigger="pto_expired"} 0\n`],
    ['a label that is not listed', `${right}quic_pto_total{space="initial"} 0\n`],
    [
      'a capability that is wrong',
      changed(`${capability}"quic_pto_total"} 1`, `${capability}"quic_pto_total"} 0`),
    ],
    [
      'a capability that is missing',
      changed(`${capability}"quic_packets_spuriously_lost_total"} 0`, ''),
    ],
    [
      'a bound that is not canonical',
      changed('rtt_seconds_bucket{le="1.0"}', 'rtt_seconds_bucket{le="1"}'),
    ],
  ]
  for (const [what, page] of wrong) {
    t.not(page, right, `${what}: the page was changed`)
    t.ok(compareSeries(page, testimony).differences.length > 0, what)
  }
  t.strictSame(compareSeries(right, testimony).differences, [])
})
