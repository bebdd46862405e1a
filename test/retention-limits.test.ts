/** What never goes, what retention costs, and what it does when it cannot. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { retentionMetrics } from '../exporter/collectors/retention.ts'
import { MetricStore } from '../exporter/metrics/store.ts'
import { possibleActions } from '../exporter/retention.ts'
import { TailShared } from '../exporter/tail/tailer.ts'
import { DELAY_MS, retaining } from './support/retention.ts'
import { noSmallDisk, smallDisk } from './support/small-disk.ts'
import { append, numbered } from './support/tail-harness.ts'

t.test('an unfinished last record keeps its file', async (t) => {
  const { dir, tailer, retention, wait, finish, counted } = retaining(t)
  append(dir, 'a.sqlog', `${numbered(0, 10)}and no end`)
  await tailer.sweep()
  finish()
  wait()
  await retention.round()
  t.same(counted, {})
})

t.test('files that were there before and were never read stay', async (t) => {
  const { dir, tailer, retention, wait, finish, counted } = retaining(t, {}, { startAt: 'end' })
  append(dir, 'a.sqlog', numbered(0, 10))
  await tailer.sweep()
  finish()
  wait()
  wait()
  await retention.round()
  t.ok(existsSync(join(dir, 'a.sqlog')))
  append(dir, 'b.sqlog', numbered(0, 10))
  await tailer.sweep()
  finish()
  wait()
  await retention.round()
  t.notOk(existsSync(join(dir, 'b.sqlog')), 'a new one goes')
  t.same(counted, { deleted: 1 })
})

t.test(
  'neither a symbolic link nor what it leads to goes; nor a file that was named',
  async (t) => {
    const base = t.testdir({ named: {}, linked: {} })
    const named = join(base, 'named/n.sqlog')
    writeFileSync(named, numbered(0, 10))
    const inside = join(base, 'linked')
    mkdirSync(join(inside, 'below'))
    writeFileSync(join(inside, 'below/target.log'), numbered(0, 10))
    symlinkSync('below/target.log', join(inside, 'l.sqlog'))
    const link = join(base, 'link-to-file')
    symlinkSync(join(base, 'named/m'), link)
    writeFileSync(join(base, 'named/m'), numbered(0, 10))
    const roots = [named, link, inside]
    const { tailer, retention, wait, finish, counted, seen } = retaining(t, {}, { roots })
    await tailer.sweep()
    t.equal(seen.read, 1200, 'all three are read')
    finish()
    wait()
    await retention.round()
    t.same(counted, {})
    writeFileSync(join(inside, 'plain.sqlog'), numbered(0, 10))
    await tailer.sweep()
    finish()
    wait()
    await retention.round()
    t.same(counted, { deleted: 1 }, 'a plain one does')
  },
)

t.test(
  'what cannot be deleted is told once, and tried again later',
  { skip: noSmallDisk },
  async (t) => {
    const disk = smallDisk(t, '256k')
    const { tailer, retention, wait, finish, counted, told, clock, seen } = retaining(
      t,
      {},
      { roots: [disk.dir] },
    )
    t.teardown(() => tailer.stop())
    for (let i = 0; i < 15; i++) append(disk.dir, `${i}.sqlog`, numbered(0, 10))
    await tailer.sweep()
    finish()
    wait()
    remount(disk.dir, 'ro')
    t.equal(await retention.round(), false)
    t.same(counted, { failed: 10 }, 'the round ends when nothing succeeds')
    await retention.round()
    t.same(counted, { failed: 15 }, 'the others are tried')
    await retention.round()
    t.same(counted, { failed: 15 }, 'and left alone for a while')
    t.equal(told.filter((line) => line.includes('EROFS')).length, 1)
    remount(disk.dir, 'rw')
    clock.ms += 60_000
    await retention.round()
    t.same(counted, { failed: 15, deleted: 15 })
    t.same([seen.read, seen.lost], [6000, {}])
  },
)

t.test('only so many files are held without a name as leave room for the others', async (t) => {
  const shared = new TailShared(10)
  const { dir, tailer, retention, wait, finish, counted, settle, seen, state } = retaining(
    t,
    {},
    { shared },
  )
  for (let i = 0; i < 20; i++) append(dir, `${i}.sqlog`, numbered(0, 10))
  await tailer.sweep()
  finish()
  wait()
  t.equal(await retention.round(), true, 'there is more to do')
  t.same(counted, { deleted: 5 })
  t.equal(await retention.round(), true)
  t.same(counted, { deleted: 5 })
  t.equal(state.asked, 1, 'the state is not saved for nothing')
  await settle()
  await retention.round()
  t.same(counted, { deleted: 10 })
  t.same([seen.read, seen.lost], [8000, {}])
})

t.test('when it is halted nothing goes any more, and nothing is counted', async (t) => {
  const { dir, tailer, retention, wait, finish, counted, state } = retaining(t)
  append(dir, 'a.sqlog', numbered(0, 10))
  await tailer.sweep()
  finish()
  wait()
  state.before = () => retention.halt()
  await retention.round()
  t.ok(existsSync(join(dir, 'a.sqlog')))
  t.same(counted, {})
})

t.test('20,000 files that stay cost little', async (t) => {
  const { dir, tailer, retention, state, clock } = retaining(t)
  const count = 20_000
  for (let i = 0; i < count; i++) writeFileSync(join(dir, `${i}.sqlog`), 'x\n')
  await tailer.sweep()
  clock.ms += 2 * DELAY_MS
  const begun = performance.now()
  await retention.round()
  const ms = performance.now() - begun
  t.comment(`${count} files in ${ms} ms`)
  t.equal(state.asked, 0)
  t.ok(ms < 500)
})

t.test('only what can happen is on the page', async (t) => {
  const store = new MetricStore()
  const metrics = retentionMetrics(store)
  const settings = { delayMs: 1000 }
  metrics.opened(
    store.owner('d'),
    possibleActions({ ...settings, action: 'delete', dryRun: false }),
  )
  metrics.opened(store.owner('g'), possibleActions({ ...settings, action: 'gzip', dryRun: false }))
  metrics.opened(
    store.owner('dd'),
    possibleActions({ ...settings, action: 'delete', dryRun: true }),
  )
  metrics.opened(store.owner('gd'), possibleActions({ ...settings, action: 'gzip', dryRun: true }))
  store.owner('keeps')
  const series: string[] = []
  store.family('quic_exporter_retention_files_total')?.forEach((owner, { action }) => {
    series.push(`${store.ownerName(owner)} ${action}`)
  })
  t.same(series, [
    'd deleted',
    'd failed',
    'g compressed',
    'g failed',
    'dd would_delete',
    'gd would_compress',
  ])
})

function remount(dir: string, how: 'ro' | 'rw'): void {
  const { status, stderr } = spawnSync('mount', ['-o', `remount,${how}`, dir], { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
}
