/** The metric store: closed label sets, exact integers, bounded series. */
import fc from 'fast-check'
import t from 'tap'
import { renderStore } from '../exporter/metrics/render.ts'
import { snapshotOf } from '../exporter/metrics/snapshot.ts'
import { MetricStore } from '../exporter/metrics/store.ts'
import { allSeries, nonZero, observed, parsePage, total } from './support/page.ts'

const page = async (store: MetricStore) => parsePage(await renderStore(store))
const help = 'What it is.'

t.test('what is not a closed set of labels is refused when it is registered', async (t) => {
  const store = new MetricStore()
  const refused = (what: string, register: () => unknown) => t.throws(register, what)
  store.counter({ name: 'a_total', help })
  refused('a name twice', () => store.gauge({ name: 'a_total', help }))
  refused('upper case', () => store.counter({ name: 'Ab', help }))
  refused('a hyphen', () => store.counter({ name: 'a-b', help }))
  refused('an empty name', () => store.counter({ name: '', help }))
  refused('a label name', () => store.counter({ name: 'b', help, labels: { 'a-b': ['x'] } }))
  refused('a reserved label', () => store.counter({ name: 'c', help, labels: { __name: ['x'] } }))
  refused('no value', () => store.counter({ name: 'd', help, labels: { a: [] } }))
  refused('a value twice', () => store.counter({ name: 'e', help, labels: { a: ['x', 'x'] } }))
  const buckets = Array.from({ length: 15 }, (_, i) => i)
  refused('15 buckets', () => store.histogram({ name: 'f', help, buckets }))
  refused('falling buckets', () => store.histogram({ name: 'g', help, buckets: [2, 1] }))
  refused('equal buckets', () => store.histogram({ name: 'h', help, buckets: [1, 1] }))
  t.same([...(await page(store)).keys()], [], 'and leaves nothing on the page')
})

t.test('a label value that was not declared is an error, never a series', async (t) => {
  const store = new MetricStore()
  const family = store.counter({ name: 'a_total', help, labels: { kind: ['x'], other: ['y'] } })
  for (const [first, second] of [
    ['z', 'y'],
    ['x', 'z'],
    ['__proto__', 'y'],
    ['', 'y'],
  ]) {
    t.throws(() => family.add(store.owner('one'), 1, first, second), `${first} ${second}`)
  }
  t.equal(store.series, 0)
})

t.test('absent is not zero', async (t) => {
  const store = new MetricStore()
  const one = store.owner('one')
  const family = store.counter({ name: 'a_total', help, labels: { kind: ['x', 'y', 'z'] } })
  store.gauge({ name: 'never', help })
  t.notOk((await page(store)).has('a_total'), 'a family that was not opened is not on the page')
  family.open(one, ({ kind }) => kind !== 'z')
  t.same(
    allSeries(await page(store)),
    new Set(['a_total{kind=x,source=one}', 'a_total{kind=y,source=one}']),
  )
  family.add(one, 0, 'z')
  t.ok(allSeries(await page(store)).has('a_total{kind=z,source=one}'), 'counting by 0 creates it')
  family.open(one, () => false)
  t.equal(allSeries(await page(store)).size, 3, 'nothing is withdrawn')
  t.notOk((await page(store)).has('never'))
})

t.test('each owner has its own series, the process has none to name', async (t) => {
  const store = new MetricStore()
  const [one, two] = [store.owner('one'), store.owner('two')]
  t.equal(store.owner('one'), one, 'the same name, the same owner')
  const family = store.counter({ name: 'a_total', help })
  family.add(one, 3)
  family.add(two, 4)
  store.gauge({ name: 'own', help, owner: '' }).set(0, 5)
  const now = await page(store)
  t.equal(total(now, 'a_total', { source: 'one' }), 3)
  t.equal(total(now, 'a_total', { source: 'two' }), 4)
  t.same(allSeries(now).has('own{}'), true)
})

t.test('a value equal to a bound belongs to its bucket, one above it to the next', async (t) => {
  const store = new MetricStore()
  const one = store.owner('one')
  const seconds = store.histogram({
    name: 's',
    help,
    unit: 'seconds',
    buckets: [0.0005, 0.5, 86400],
  })
  const cases = [
    [0, '0.0005'],
    [500, '0.0005'],
    [501, '0.5'],
    [500_000, '0.5'],
    [500_001, '86400.0'],
    [86_400_000_000, '86400.0'],
    [86_400_000_001, '+Inf'],
  ] as const
  let before: Record<string, number> = {}
  for (const [us, le] of cases) {
    seconds.observe(one, us)
    const now = observed(await page(store), 's')
    t.equal(now[le], (before[le] ?? 0) + 1, `${us} µs`)
    before = now
  }
  const ratio = store.histogram({ name: 'r', help, unit: 'ratio', buckets: [0, 0.001, 0.5] })
  for (const millionths of [0, 1, 1000, 1001, 500_000, 500_001]) ratio.observe(one, millionths)
  t.same(observed(await page(store), 'r'), { '0.0': 1, '0.001': 2, '0.5': 2, '+Inf': 1 })
})

t.test('bounds are spelled as Prometheus spells them', async (t) => {
  const cases: readonly (readonly [number, string])[] = [
    [0, '0.0'],
    [0.00001, '1e-05'],
    [0.0001, '0.0001'],
    [0.0005, '0.0005'],
    [0.5, '0.5'],
    [1, '1.0'],
    [2.5, '2.5'],
    [4096, '4096.0'],
    [86_400, '86400.0'],
    [999_999, '999999.0'],
    [1_000_000, '1e+06'],
    [2 ** 20, '1.048576e+06'],
    [2 ** 25, '3.3554432e+07'],
    [2 ** 29, '5.36870912e+08'],
  ]
  for (const [bound, le] of cases) {
    const store = new MetricStore()
    store.histogram({ name: 'h', help, buckets: [bound] }).observe(store.owner('one'), 0)
    t.match(await renderStore(store), `h_bucket{source="one",le="${le}"} `, le)
    t.match(await renderStore(store), 'le="+Inf"} 1\n')
  }
})

/** µs as the decimal text of seconds. */
function decimal(us: bigint): string {
  const digits = us.toString().padStart(7, '0')
  return `${digits.slice(0, -6)}.${digits.slice(-6)}`
}

t.test('sums far beyond 2^53 are exact: no unit is lost, no digit is wrong', async (t) => {
  const amount = fc.oneof(
    fc.maxSafeNat(),
    fc.nat(2_000_000),
    fc.constantFrom(0, 1, 10 ** 15, 10 ** 15 - 1, Number.MAX_SAFE_INTEGER),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(amount, { minLength: 1, maxLength: 60 }), async (amounts) => {
      const store = new MetricStore()
      const one = store.owner('one')
      const plain = store.counter({ name: 'a_total', help })
      const seconds = store.counter({ name: 's_total', help, unit: 'seconds' })
      const histogram = store.histogram({ name: 'h', help, unit: 'seconds', buckets: [1] })
      let exact = 0n
      for (const value of amounts) {
        exact += BigInt(value)
        plain.add(one, value)
        seconds.add(one, value)
        histogram.observe(one, value)
      }
      const now = await page(store)
      const [[, , [low = 0, high = 0] = []] = []] = snapshotOf(store).a_total?.series ?? []
      return (
        BigInt(high) * 10n ** 15n + BigInt(low) === exact &&
        low < 1e15 &&
        total(now, 'a_total') === Number(exact) &&
        total(now, 's_total') === Number(decimal(exact)) &&
        total(now, 'h_sum') === Number(decimal(exact))
      )
    }),
    { numRuns: 200 },
  )
  t.pass()
})

t.test('a counter of microseconds rises with every second, however large it is', async (t) => {
  const store = new MetricStore()
  const one = store.owner('one')
  const seconds = store.counter({ name: 's_total', help, unit: 'seconds' })
  seconds.add(one, 9_007_199_254_740_991)
  for (let i = 0; i < 50; i += 1) seconds.add(one, 9_000_000_000_000_000)
  let before = total(await page(store), 's_total') as number
  for (let i = 0; i < 50; i += 1) {
    seconds.add(one, 1_000_000)
    const now = total(await page(store), 's_total') as number
    t.ok(now > before, `${before} then ${now}`)
    before = now
  }
})

t.test('a gauge goes down again, over the words of its sum too', async (t) => {
  const store = new MetricStore()
  const one = store.owner('one')
  const gauge = store.gauge({ name: 'g', help })
  for (const amount of [10 ** 15 - 1, 2, -3, -(10 ** 15 - 2)]) gauge.add(one, amount)
  t.equal(total(await page(store), 'g'), 0)
  gauge.set(one, 3 * 10 ** 15)
  t.equal(total(await page(store), 'g'), 3e15)
})

t.test('above the series limit nothing is created, and that is counted by metric', async (t) => {
  const store = new MetricStore(12)
  const one = store.owner('one')
  const signal = 'loss'
  const labels = { kind: ['x', 'y', 'z'] }
  const family = store.counter({ name: 'a_total', help, labels, signal })
  const histogram = store.histogram({ name: 'h', help, buckets: [1, 2, 3, 4, 5], signal })
  const own = store.counter({ name: 'own_total', help })
  histogram.observe(one, 1)
  t.equal(store.series, 8, 'five buckets, +Inf, sum and count')
  for (const owner of ['one', 'two']) {
    for (const kind of ['x', 'y', 'z']) family.add(store.owner(owner), 1, kind)
  }
  histogram.observe(store.owner('two'), 1)
  const now = await page(store)
  const lines = [...allSeries(now)].filter((series) => !series.includes('label_overflow'))
  t.equal(lines.length, 12, 'no more series than allowed')
  t.same(nonZero(now, 'quic_exporter_label_overflow_total'), { a_total: 2, h: 1 })
  family.add(one, 5, 'x')
  t.equal(total(await page(store), 'a_total', { source: 'one', kind: 'x' }), 6, 'the others go on')
  family.add(store.owner('two'), 1, 'z')
  t.same(
    nonZero(await page(store), 'quic_exporter_label_overflow_total'),
    { a_total: 2, h: 1 },
    'once each',
  )
  own.add(one, 1)
  t.equal(total(await page(store), 'own_total'), 1, 'what the exporter says of itself has room')
})

t.test('sources, backends and targets have names of their own', async (t) => {
  const store = new MetricStore()
  const ofSource = store.counter({ name: 'a_total', help })
  const ofBackend = store.counter({ name: 'b_total', help, owner: 'backend' })
  const ofTarget = store.gauge({ name: 'c', help, owner: 'target' })
  ofSource.add(store.owner('x'), 1)
  ofBackend.add(store.owner('x', 'backend'), 2)
  ofTarget.set(store.owner('x', 'target'), 3)
  t.equal(store.owner('x', 'backend'), store.owner('x', 'backend'))
  t.same(
    allSeries(await page(store)),
    new Set(['a_total{source=x}', 'b_total{backend=x}', 'c{target=x}']),
  )
  store.dropOwner(store.owner('x', 'backend'))
  t.same(allSeries(await page(store)), new Set(['a_total{source=x}', 'c{target=x}']))
})

t.test('backends that come and go take the room of those before, at 0', async (t) => {
  const store = new MetricStore(12)
  const labels = { kind: ['x', 'y'] }
  const family = store.counter({ name: 'a_total', help, labels, owner: 'backend' })
  const up = store.gauge({ name: 'up', help, owner: 'backend', alwaysRoom: true })
  const indexes = new Set<number>()
  const slots = new Set<number>()
  for (let i = 0; i < 1000; i += 1) {
    const owner = store.owner(`b${i}`, 'backend')
    indexes.add(owner)
    family.open(owner)
    slots.add(family.slot(owner, 'x'))
    family.add(owner, 7, 'y')
    t.equal(total(await page(store), 'a_total', { backend: `b${i}` }), 7, 'not what was there')
    store.dropOwner(owner)
  }
  t.equal(indexes.size, 1)
  t.equal(slots.size, 1)
  t.equal(store.series, 0)
  for (let i = 0; i < 6; i += 1) {
    family.open(store.owner(`b${i}`, 'backend'))
    up.set(store.owner(`b${i}`, 'backend'), 1)
  }
  const full = await page(store)
  t.equal(full.get('up')?.samples.length, 6, 'there is always room for what matters most')
  t.ok((full.get('a_total')?.samples.length ?? 0) < 12)
  const refused = nonZero(full, 'quic_exporter_label_overflow_total')
  t.same(Object.keys(refused ?? {}), ['a_total'], 'what found no room is counted')
  for (const gone of ['b0', 'b1']) store.dropOwner(store.owner(gone, 'backend'))
  const late = store.owner('late', 'backend')
  family.open(late)
  t.equal(total(await page(store), 'a_total', { backend: 'late' }), 0, 'those that go make room')
})

t.test(
  'a large page says what was known when it was asked for, and lets others have their turn',
  async (t) => {
    const store = new MetricStore(100_000)
    const labels = { kind: ['x', 'y'] }
    const families = ['a_total', 'b_total', 'c_total'].map((name) =>
      store.counter({ name, help, labels, owner: 'backend' }),
    )
    const owners = Array.from({ length: 1000 }, (_, i) => store.owner(`b${i}`, 'backend'))
    for (const family of families) for (const owner of owners) family.add(owner, 1, 'x')
    const whole = await renderStore(store, ({ spec }) => spec.name === 'b_total')
    for (const family of families) for (const owner of owners) family.open(owner)
    let turns = 0
    const count = () => {
      turns += 1
      ticking = setImmediate(count)
    }
    let ticking = setImmediate(count)
    const rendering = renderStore(store)
    for (const family of families) for (const owner of owners) family.add(owner, 1, 'x')
    const text = await rendering
    clearImmediate(ticking)
    const now = parsePage(text)
    for (const name of ['a_total', 'b_total', 'c_total']) t.equal(total(now, name), 1000, name)
    t.ok(turns >= 2, `${turns} turns`)
    t.ok(text.includes(whole.split('\n').slice(0, 2).join('\n')))
    t.match(text, /b_total\{[^}]+\} 0\n\n# HELP c_total/, 'families stand apart as on a small page')
    t.match(text, /[0-9]\n$/)
  },
)
