/** Which files go, when, and that nothing is lost with them. */
import {
  closeSync,
  existsSync,
  linkSync,
  openSync,
  readdirSync,
  renameSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { TailShared } from '../exporter/tail/tailer.ts'
import { DELAY_MS, retaining } from './support/retention.ts'
import { append, GRACE_MS, harness, numbered, openBelow } from './support/tail-harness.ts'

t.test('a file goes when it is finished, quiet for long, and saved for good', async (t) => {
  const { dir, tailer, clock, retention, counted, state, finish, settle, seen } = retaining(t)
  append(dir, 'a.sqlog', numbered(0, 10))
  await tailer.sweep()
  clock.ms += 2 * DELAY_MS
  await retention.round()
  t.ok(existsSync(join(dir, 'a.sqlog')), 'not before it is finished')
  t.equal(state.asked, 0)

  append(dir, 'a.sqlog', numbered(10, 1))
  await tailer.sweep()
  finish()
  clock.ms += DELAY_MS - 1000
  await retention.round()
  t.ok(existsSync(join(dir, 'a.sqlog')), 'not before the delay has passed since it grew')
  t.equal(state.asked, 0, 'and the state is not saved for nothing')

  clock.ms += 1000
  state.good = false
  await retention.round()
  t.ok(existsSync(join(dir, 'a.sqlog')), 'not if the state cannot be saved')
  t.equal(state.asked, 1)

  state.good = true
  await retention.round()
  t.same(readdirSync(dir), [])
  t.same(counted, { deleted: 1 })
  t.equal(tailer.status().onDiskBytes, 440, 'its bytes are there while it is held')
  await settle()
  t.equal(tailer.status().onDiskBytes, 0)
  t.same(openBelow(dir), [])
  t.same([seen.read, seen.lost, seen.resets], [440, {}, []])
})

t.test('what is written after the file lost its name is read', async (t) => {
  const { dir, tailer, retention, wait, finish, settle, lines, seen, clock } = retaining(t)
  const fd = openSync(join(dir, 'a.sqlog'), 'a')
  writeSync(fd, numbered(0, 10))
  await tailer.sweep()
  finish()
  wait()
  await retention.round()
  t.same(readdirSync(dir), [])
  for (let i = 0; i < 5; i++) {
    writeSync(fd, numbered(10 + i, 1))
    await tailer.sweep()
    clock.ms += GRACE_MS - 1000
  }
  writeSync(fd, numbered(15, 1).slice(0, -1))
  closeSync(fd)
  await settle()
  t.equal(lines().length, 16, 'also a last line without an end')
  t.same([seen.read, seen.lost], [16 * 40 - 1, {}])
  t.same(openBelow(dir), [])
})

t.test('a file without a name stays open, whoever else needs room', async (t) => {
  const shared = new TailShared(2)
  const { dir, tailer, retention, wait, finish, seen } = retaining(t, {}, { shared })
  const other = harness(t, { shared })
  const fd = openSync(join(dir, 'a.sqlog'), 'a')
  writeSync(fd, numbered(0, 10))
  await tailer.sweep()
  finish()
  wait()
  await retention.round()
  for (const name of ['b', 'c', 'd']) append(other.dir, `${name}.sqlog`, numbered(0, 10))
  await other.tailer.sweep()
  t.equal(other.seen.read, 1200)
  writeSync(fd, numbered(10, 1))
  closeSync(fd)
  await tailer.sweep()
  t.equal(seen.read, 440)
})

t.test('a file that grows while the state is saved stays, and is read on', async (t) => {
  for (const late of [numbered(10, 1), 'an unfinished record']) {
    await t.test(late.trim(), async (t) => {
      const { dir, tailer, retention, wait, finish, state, counted, seen } = retaining(t)
      append(dir, 'a.sqlog', numbered(0, 10))
      await tailer.sweep()
      finish()
      wait()
      state.before = () => append(dir, 'a.sqlog', late)
      await retention.round()
      t.ok(existsSync(join(dir, 'a.sqlog')))
      t.same(counted, {})
      await tailer.sweep()
      t.equal(seen.read + tailer.status().lagBytes, 400 + late.length)
    })
  }
})

t.test('a file that was read on while the state was saved is not covered by it', async (t) => {
  const { dir, tailer, retention, wait, finish, state, counted, clock } = retaining(t)
  append(dir, 'a.sqlog', numbered(0, 10))
  await tailer.sweep()
  finish()
  wait()
  state.before = () => {
    append(dir, 'a.sqlog', numbered(10, 1))
    return tailer.sweep()
  }
  await retention.round()
  t.ok(existsSync(join(dir, 'a.sqlog')))
  state.before = () => {}
  await tailer.sweep()
  clock.ms += DELAY_MS
  await retention.round()
  t.same(counted, { deleted: 1 })
})

t.test('a file that was changed where it had been read stays', async (t) => {
  const changes: Record<string, (path: string) => void> = {
    touched: (path) => utimesSync(path, 1, 1),
    'another of the same size': (path) => {
      writeFileSync(`${path}.new`, numbered(50, 10))
      utimesSync(`${path}.new`, 1e9, 1e9)
      renameSync(`${path}.new`, path)
    },
    gone: (path) => renameSync(path, `${path}.gone`),
  }
  for (const [what, change] of Object.entries(changes)) {
    await t.test(what, async (t) => {
      const { dir, tailer, retention, wait, finish, state, counted } = retaining(t)
      append(dir, 'a.sqlog', numbered(0, 10))
      utimesSync(join(dir, 'a.sqlog'), 1e9, 1e9)
      await tailer.sweep()
      finish()
      wait()
      state.before = () => change(join(dir, 'a.sqlog'))
      await retention.round()
      t.equal(readdirSync(dir).length, 1)
      t.same(counted, {})
    })
  }
  await t.test('overwritten, with its time set back, while it was closed', async (t) => {
    const shared = new TailShared(1)
    const { dir, tailer, retention, wait, finish, counted, seen } = retaining(t, {}, { shared })
    const path = join(dir, 'a.sqlog')
    writeFileSync(path, numbered(0, 10))
    utimesSync(path, 1e9, 1e9)
    await tailer.sweep()
    finish()
    append(dir, 'b.sqlog', numbered(0, 10))
    await tailer.sweep()
    t.same(openBelow(dir), [join(dir, 'b.sqlog')], 'another file is open in its place')
    wait()
    writeFileSync(path, numbered(50, 10))
    utimesSync(path, 1e9, 1e9)
    await retention.round()
    t.ok(existsSync(path), 'its contents tell')
    t.same(counted, {})
    t.same(seen.resets, ['marker'])
  })
})

t.test('a file with two names goes name by name, and is read once', async (t) => {
  const { dir, tailer, retention, wait, finish, counted, seen, settle } = retaining(t)
  append(dir, 'a.sqlog', numbered(0, 10))
  linkSync(join(dir, 'a.sqlog'), join(dir, 'b.sqlog'))
  await tailer.sweep()
  finish()
  wait()
  await retention.round()
  t.equal(readdirSync(dir).length, 1)
  await tailer.sweep()
  await retention.round()
  t.same(readdirSync(dir), [])
  t.same(counted, { deleted: 2 })
  await settle()
  t.same([seen.read, seen.lost, seen.resets], [400, {}, []])
})

t.test('a dry run touches nothing, and tells of each file once', async (t) => {
  const settings = { dryRun: true }
  const { dir, tailer, retention, wait, finish, counted, told } = retaining(t, settings)
  append(dir, 'a.sqlog', numbered(0, 10))
  append(dir, 'b.sqlog', numbered(0, 10))
  append(dir, 'unfinished.sqlog', `${numbered(0, 10)}and no end`)
  await tailer.sweep()
  finish()
  wait()
  for (let i = 0; i < 3; i++) await retention.round()
  t.same(readdirSync(dir).sort(), ['a.sqlog', 'b.sqlog', 'unfinished.sqlog'])
  t.same(counted, { would_delete: 2 })
  const about = (name: string) => told.filter((line) => line.includes(name)).length
  t.same([about('/a.sqlog'), about('/b.sqlog'), about('/unfinished')], [1, 1, 0])
})
