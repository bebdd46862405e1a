import { chmodSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import {
  append,
  harness,
  numbered,
  numbersOf,
  temporaryDirectory,
  upTo,
} from './support/tail-harness.ts'

t.test('a directory that appears later, goes and comes again', async (t) => {
  const root = join(temporaryDirectory(t), 'not', 'yet')
  const { tailer, lines, settle } = harness(t, { roots: [root], startAt: 'end' })
  await tailer.sweep()
  t.equal(tailer.status().up, false)
  append(root, 'a.sqlog', numbered(0, 5))
  await tailer.sweep()
  t.equal(tailer.status().up, true)
  rmSync(root, { recursive: true })
  await tailer.sweep()
  t.equal(tailer.status().up, false)
  append(root, 'a.sqlog', numbered(5, 5))
  await tailer.sweep()
  t.equal(tailer.status().up, true)
  await settle()
  t.same(numbersOf(lines()), upTo(10))
  t.equal(tailer.status().filesOpen, 1)
})

t.test('a directory replaced by another one', async (t) => {
  const parent = temporaryDirectory(t)
  const root = join(parent, 'qlog')
  append(root, 'a.sqlog', numbered(0, 5))
  append(join(parent, 'next'), 'a.sqlog', numbered(10, 5))
  const { tailer, sinks, lines, settle } = harness(t, { roots: [root] })
  await tailer.sweep()
  append(root, 'a.sqlog', numbered(5, 5))
  renameSync(root, join(parent, 'old'))
  renameSync(join(parent, 'next'), root)
  await settle()
  t.same(numbersOf(lines()), upTo(15))
  t.same(
    sinks.map(({ isClosed }) => isClosed),
    [true, false],
  )
})

t.test('a root that is a link, swapped to another directory', async (t) => {
  const parent = temporaryDirectory(t)
  const root = join(parent, 'current')
  append(join(parent, 'one'), 'a.sqlog', numbered(0, 5))
  append(join(parent, 'two'), 'a.sqlog', numbered(5, 5))
  symlinkSync('one', root)
  const { tailer, sinks, lines, settle } = harness(t, { roots: [root] })
  await tailer.sweep()
  symlinkSync('two', join(parent, 'new'))
  renameSync(join(parent, 'new'), root)
  await settle()
  t.same(numbersOf(lines()), upTo(10))
  t.same(
    sinks.map(({ isClosed }) => isClosed),
    [true, false],
  )
})

t.test('an existing directory without files is up', async (t) => {
  const { tailer } = harness(t)
  await tailer.sweep()
  t.match(tailer.status(), { up: true, filesOpen: 0, lagBytes: 0, onDiskBytes: 0 })
  t.notOk('newestWriteMs' in tailer.status())
})

t.test('only names that match, only in the root itself', async (t) => {
  const { dir, tailer, sinks } = harness(t, { include: ['*.sqlog', 'log-?.txt'] })
  for (const name of ['a.sqlog', 'a.sqlog.gz', 'log-1.txt', 'log-10.txt', '.sqlog']) {
    append(dir, name, 'line\n')
  }
  append(join(dir, 'below'), 'b.sqlog', 'line\n')
  await tailer.sweep()
  t.same(sinks.map(({ path }) => path.slice(dir.length + 1)).toSorted(), [
    '.sqlog',
    'a.sqlog',
    'log-1.txt',
  ])
})

t.test('recursive: directories at any depth, also new and removed ones', async (t) => {
  const { dir, tailer, lines, settle } = harness(t, { recursive: true })
  append(join(dir, 'x', 'y', 'z'), 'a.sqlog', numbered(0, 1))
  append(dir, 'b.sqlog', numbered(1, 1))
  await tailer.sweep()
  append(join(dir, 'x', 'new'), 'c.sqlog', numbered(2, 1))
  await tailer.sweep()
  append(join(dir, 'x', 'y', 'z'), 'a.sqlog', numbered(3, 1))
  renameSync(join(dir, 'x'), join(dir, 'w'))
  await tailer.sweep()
  append(join(dir, 'w', 'y', 'z'), 'a.sqlog', numbered(4, 1))
  await tailer.sweep()
  rmSync(join(dir, 'w'), { recursive: true })
  await settle()
  t.same(
    numbersOf(lines()).toSorted((a, b) => a - b),
    upTo(5),
  )
  t.equal(tailer.status().filesOpen, 1)
})

t.test('a single file needs no pattern, and its neighbours are left alone', async (t) => {
  const dir = temporaryDirectory(t)
  const { tailer, sinks, lines, settle } = harness(t, { roots: [join(dir, 'access.log')] })
  await tailer.sweep()
  t.equal(tailer.status().up, false)
  append(dir, 'access.log', numbered(0, 5))
  append(dir, 'other.sqlog', numbered(90, 5))
  await tailer.sweep()
  t.equal(tailer.status().up, true)
  append(dir, 'access.log', numbered(5, 5))
  renameSync(join(dir, 'access.log'), join(dir, 'access.log.1'))
  append(dir, 'access.log', numbered(10, 5))
  await settle()
  t.same(numbersOf(lines()), upTo(15))
  t.equal(sinks.length, 2)
})

t.test('several roots, one inside the other, and the same file twice', async (t) => {
  const one = temporaryDirectory(t)
  const two = temporaryDirectory(t)
  const roots = [one, two, join(one, 'sub'), join(two, 'b.sqlog')]
  const { tailer, lines, sinks } = harness(t, { roots, recursive: true })
  append(one, 'a.sqlog', numbered(0, 1))
  append(two, 'b.sqlog', numbered(1, 1))
  append(join(one, 'sub'), 'c.sqlog', numbered(2, 1))
  await tailer.sweep()
  await tailer.sweep()
  t.same(
    numbersOf(lines()).toSorted((a, b) => a - b),
    upTo(3),
  )
  t.equal(sinks.length, 3)
})

t.test('a directory of many files, found while more are created', async (t) => {
  const { dir, tailer, sinks } = harness(t)
  for (const i of upTo(3000)) append(dir, `${i}.sqlog`, 'line\n')
  const swept = tailer.sweep()
  for (const i of upTo(300)) append(dir, `late-${i}.sqlog`, 'line\n')
  await swept
  await tailer.sweep()
  t.equal(sinks.length, 3300)
  t.ok(sinks.every(({ lines }) => lines.length === 1))
})

t.test('a directory or file without permission is reported and tried again', async (t) => {
  if (process.getuid?.() === 0) process.seteuid?.(65534)
  t.teardown(() => process.seteuid?.(process.getuid?.() ?? 0))
  const { dir, tailer, clock, seen, lines } = harness(t, { recursive: true })
  append(dir, 'a.sqlog', numbered(0, 1))
  append(join(dir, 'sub'), 'b.sqlog', numbered(1, 1))
  chmodSync(join(dir, 'a.sqlog'), 0)
  chmodSync(join(dir, 'sub'), 0)
  for (const _ of upTo(5)) {
    clock.ms += 1000
    await tailer.sweep()
  }
  t.same(seen.errors.toSorted(), ['permission a.sqlog', 'permission sub'])
  t.equal(tailer.status().up, true)
  t.equal(tailer.status().lagBytes, 40)
  t.ok(tailer.status().lagSeconds >= 4)
  chmodSync(join(dir, 'a.sqlog'), 0o600)
  chmodSync(join(dir, 'sub'), 0o700)
  clock.ms += 4000
  await tailer.sweep()
  t.same(
    numbersOf(lines()).toSorted((a, b) => a - b),
    upTo(2),
  )
  t.equal(tailer.status().lagSeconds, 0)
})

t.test('while the root cannot be looked at, nothing is taken for gone', async (t) => {
  if (process.getuid?.() === 0) process.seteuid?.(65534)
  t.teardown(() => process.seteuid?.(process.getuid?.() ?? 0))
  const parent = temporaryDirectory(t)
  const root = join(parent, 'deep', 'qlog')
  const { tailer, sinks, seen, lines, settle } = harness(t, { roots: [root] })
  append(root, 'a.sqlog', numbered(0, 1))
  await tailer.sweep()
  chmodSync(join(parent, 'deep'), 0)
  await settle()
  t.equal(tailer.status().up, false)
  t.notOk(sinks[0]?.isClosed)
  t.same(seen.errors, [`permission ${root}`])
  chmodSync(join(parent, 'deep'), 0o700)
  append(root, 'a.sqlog', numbered(1, 1))
  await tailer.sweep()
  t.equal(tailer.status().up, true)
  t.same(numbersOf(lines()), upTo(2))
  t.equal(sinks.length, 1)
})

t.test('stopping closes the files but not the sinks', async (t) => {
  const { dir, tailer, sinks } = harness(t)
  append(dir, 'a.sqlog', numbered(0, 1))
  await tailer.sweep()
  t.equal(tailer.status().filesOpen, 1)
  const swept = tailer.sweep()
  await tailer.stop()
  await swept
  await tailer.sweep()
  t.notOk(sinks[0]?.isClosed)
  t.equal(tailer.status().filesOpen, 0)
})
