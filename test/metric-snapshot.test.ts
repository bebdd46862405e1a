/** The store as data and back, and the page that the client library makes of it. */
import t from 'tap'
import type { Counter, Family } from '../exporter/metrics/family.ts'
import { renderStore } from '../exporter/metrics/render.ts'
import { restore, type StoreData, snapshotOf } from '../exporter/metrics/snapshot.ts'
import { MetricStore } from '../exporter/metrics/store.ts'
import { createPipeline } from '../exporter/pipeline.ts'
import { replayFile } from '../exporter/replay.ts'
import { SourceReader } from '../exporter/source-reader.ts'
import { type Fixture, fixtures } from './support/fixtures.ts'
import { parsePage, total } from './support/page.ts'

const help = 'What it is.'

/** The metrics of a recorded stream, as `replay` fills them. */
function metricsOf({ path, vantage }: Fixture): MetricStore {
  const { metrics, table, input } = createPipeline()
  const source = metrics.owner('qlog')
  const options = { source, vantage, maxRecordBytes: 1 << 20 }
  replayFile(path, new SourceReader(options, table, input).open())
  return metrics
}

/** What comes from the bytes alone. */
const isInput = ({ spec }: Family) => spec.depends !== 'clock'

const perDialect = new Map(fixtures().map((fixture) => [fixture.dialect, fixture]))

for (const fixture of perDialect.values()) {
  const { name } = fixture
  t.test(`${name}: snapshot, JSON, restore: the same page`, async (t) => {
    const metrics = metricsOf(fixture)
    const page = await renderStore(metrics, isInput)
    const saved = JSON.stringify(snapshotOf(metrics))
    const { metrics: fresh } = createPipeline()
    t.same(restore(fresh, JSON.parse(saved) as StoreData), [], 'no family starts clean')
    t.equal(await renderStore(fresh, isInput), page)
    t.notMatch(saved, /"quic_connections_silent":\{/, 'what depends on the clock is not restored')
    t.equal(JSON.stringify(snapshotOf(fresh)), saved, 'and the same snapshot')
  })

  t.test(`${name}: the page is valid, in order, and the same every time`, async (t) => {
    const metrics = metricsOf(fixture)
    const text = await renderStore(metrics)
    const page = parsePage(text)
    t.equal(await renderStore(metrics), text, 'rendering changes nothing')
    const names = [...page.keys()]
    t.same(names, [...names].sort())
    for (const family of page.values()) {
      t.equal(family.type === 'counter', family.name.endsWith('_total'), family.name)
      t.ok(family.help.endsWith('.'), `${family.name}: HELP is a sentence`)
      if (family.type !== 'histogram') continue
      const counts = new Map<string, number>()
      for (const { name: sample, labels, value } of family.samples) {
        if (!sample.endsWith('_bucket')) continue
        t.ok(value >= (counts.get(labels.source ?? '') ?? 0), `${family.name} is cumulative`)
        counts.set(labels.source ?? '', value)
        if (labels.le === '+Inf') t.equal(value, total(page, `${family.name}_count`))
      }
    }
    const lines = [...page.values()].reduce((all, { samples }) => all + samples.length, 0)
    t.equal(lines, metrics.series, 'as many series as are counted against the limit')
  })
}

t.test('rendering again and again never renames a counter', async (t) => {
  const store = new MetricStore()
  store.counter({ name: 'a_total', help }).add(store.owner('one'), 1)
  const pages = []
  for (let i = 0; i < 3; i += 1) pages.push(await renderStore(store))
  t.same(
    new Set(pages),
    new Set(['# HELP a_total What it is.\n# TYPE a_total counter\na_total{source="one"} 1\n']),
  )
})

t.test('two words per integer survive JSON', async (t) => {
  const saved = new MetricStore()
  const one = saved.owner('one')
  const spec = { name: 's_total', help, unit: 'seconds' } as const
  const family = saved.counter(spec)
  for (let i = 0; i < 5; i += 1) family.add(one, Number.MAX_SAFE_INTEGER)
  const fresh = new MetricStore()
  const restored = fresh.counter(spec)
  restore(fresh, JSON.parse(JSON.stringify(snapshotOf(saved))) as StoreData)
  restored.add(fresh.owner('one'), 1)
  family.add(one, 1)
  t.same(snapshotOf(fresh), snapshotOf(saved))
})

t.test('a family whose shape changed starts clean, the others do not', async (t) => {
  const store = (change: object) => {
    const made = new MetricStore()
    const spec = { name: 'h', help, unit: 'seconds', labels: { kind: ['x', 'y'] }, buckets: [1, 2] }
    made.histogram({ ...spec, ...change } as Parameters<typeof made.histogram>[0])
    made.counter({ name: 'kept_total', help })
    return made
  }
  const saved = store({})
  saved.counter({ name: 'gone_total', help }).add(saved.owner('one'), 1)
  for (const family of saved.families) family.open(saved.owner('one'))
  ;(saved.family('kept_total') as Counter).add(saved.owner('one'), 7)
  const data = JSON.parse(JSON.stringify(snapshotOf(saved))) as StoreData
  const changes: Readonly<Record<string, object>> = {
    buckets: { buckets: [1, 3] },
    'one bucket more': { buckets: [1, 2, 3] },
    unit: { unit: 'bytes' },
    'label values': { labels: { kind: ['x', 'z'] } },
    'order of label values': { labels: { kind: ['y', 'x'] } },
    'label name': { labels: { sort: ['x', 'y'] } },
    owner: { owner: '' },
  }
  for (const [what, change] of Object.entries(changes)) {
    const fresh = store(change)
    t.same(restore(fresh, data), ['h'], what)
    const page = parsePage(await renderStore(fresh))
    t.notOk(page.has('h'), `${what}: not on the page`)
    t.equal(total(page, 'kept_total'), 7)
  }
  t.same(restore(store({ help: 'Other words.' }), data), [], 'help is not its shape')
})

t.test('sources keep their integers whatever their order', async (t) => {
  const make = (names: readonly string[]) => {
    const store = new MetricStore()
    const family = store.counter({ name: 'a_total', help })
    return { store, family, owners: names.map((name) => store.owner(name)) }
  }
  const saved = make(['one', 'two'])
  saved.owners.forEach((owner, i) => {
    saved.family.add(owner, i + 1)
  })
  const { store } = make(['new', 'two', 'one'])
  restore(store, snapshotOf(saved.store))
  const page = parsePage(await renderStore(store))
  t.equal(total(page, 'a_total', { source: 'one' }), 1)
  t.equal(total(page, 'a_total', { source: 'two' }), 2)
  t.equal(total(page, 'a_total', { source: 'new' }), undefined, 'absent, not zero')
})
