import { closeSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { TailShared } from '../exporter/tail/tailer.ts'
import {
  append,
  GRACE_MS,
  harness,
  numbered,
  numbersOf,
  temporaryDirectory,
  upTo,
} from './support/tail-harness.ts'

const sorted = (numbers: number[]) => numbers.toSorted((a, b) => a - b)

t.test('rename and create while the writer goes on in the old file', async (t) => {
  const { dir, tailer, sinks, lines, seen, settle } = harness(t)
  const path = join(dir, 'a.sqlog')
  const old = openSync(path, 'a')
  writeSync(old, numbered(0, 10))
  await tailer.sweep()
  renameSync(path, join(dir, 'a.1'))
  append(dir, 'a.sqlog', numbered(20, 10))
  await tailer.sweep()
  writeSync(old, numbered(10, 10))
  closeSync(old)
  await tailer.sweep()
  t.same(sorted(numbersOf(lines())), upTo(30))
  t.equal(sinks.length, 2)
  await settle()
  t.same(
    sinks.map(({ isClosed }) => isClosed),
    [true, false],
  )
  t.same(sorted(numbersOf(lines())), upTo(30))
  t.same(seen.resets, [])
  t.same(seen.lost, {})
  t.equal(tailer.status().filesOpen, 1)
})

t.test('the old file stays open for the grace time, counted from its last growth', async (t) => {
  const { dir, tailer, clock, sinks, lines } = harness(t)
  const path = join(dir, 'a.sqlog')
  const old = openSync(path, 'a')
  writeSync(old, numbered(0, 1))
  await tailer.sweep()
  renameSync(path, join(dir, 'a.1'))
  await tailer.sweep()
  for (let i = 1; i < 5; i++) {
    clock.ms += GRACE_MS - 1
    writeSync(old, numbered(i, 1))
    await tailer.sweep()
  }
  clock.ms += GRACE_MS - 1
  await tailer.sweep()
  t.notOk(sinks[0]?.isClosed)
  clock.ms += 1
  await tailer.sweep()
  t.ok(sinks[0]?.isClosed)
  t.same(numbersOf(lines()), upTo(5))
  closeSync(old)
})

t.test('rotated names inside the pattern are not read again', async (t) => {
  const { dir, tailer, lines, sinks, settle } = harness(t, { include: ['out*'] })
  for (let i = 0; i < 20; i++) {
    append(dir, 'out', numbered(i * 10, 5))
    await tailer.sweep()
    append(dir, 'out', numbered(i * 10 + 5, 5))
    renameSync(join(dir, 'out'), join(dir, `out.${i}`))
    if (i % 3 === 0) await tailer.sweep()
  }
  await settle()
  t.same(sorted(numbersOf(lines())), upTo(200))
  t.equal(sinks.length, 20)
  t.ok(sinks.every(({ isClosed }) => !isClosed))
})

t.test('rotated out of the directory', async (t) => {
  const { dir, tailer, lines, seen, settle } = harness(t)
  const elsewhere = temporaryDirectory(t)
  for (let i = 0; i < 20; i++) {
    append(dir, 'a.sqlog', numbered(i * 10, 5))
    await tailer.sweep()
    append(dir, 'a.sqlog', numbered(i * 10 + 5, 5))
    renameSync(join(dir, 'a.sqlog'), join(elsewhere, `${i}`))
  }
  await settle()
  t.same(sorted(numbersOf(lines())), upTo(200))
  t.same(seen.lost, {})
  t.equal(tailer.status().filesOpen, 0)
})

t.test('cyclic renames', async (t) => {
  const { dir, tailer, lines, sinks, settle } = harness(t, { include: ['out*'] })
  for (let i = 0; i < 5; i++) {
    append(dir, 'out', numbered(i * 10, 10))
    await tailer.sweep()
    for (let k = i; k > 0; k--) renameSync(join(dir, `out.${k}`), join(dir, `out.${k + 1}`))
    renameSync(join(dir, 'out'), join(dir, 'out.1'))
  }
  await settle()
  t.same(sorted(numbersOf(lines())), upTo(50))
  t.equal(sinks.length, 5)
})

t.test('a file that was moved away and comes back goes on where it stood', async (t) => {
  const { dir, tailer, lines, sinks, seen, settle } = harness(t)
  mkdirSync(join(dir, 'aside'))
  append(dir, 'a.sqlog', `header\n${numbered(0, 5)}`)
  await tailer.sweep()
  renameSync(join(dir, 'a.sqlog'), join(dir, 'aside', 'a'))
  await settle()
  t.ok(sinks[0]?.isClosed)
  append(join(dir, 'aside'), 'a', numbered(5, 5))
  renameSync(join(dir, 'aside', 'a'), join(dir, 'b.sqlog'))
  await settle()
  t.same(numbersOf(lines().slice(1)), upTo(10))
  t.equal(sinks.length, 2)
  t.ok(sinks[1]?.headers[0]?.startsWith('header\n'))
  t.equal(seen.read, 7 + 10 * 40)
  t.same(seen.resets, [])
})

t.test('without grace time a renamed file still has two sweeps to turn up again', async (t) => {
  const { dir, tailer, sinks } = harness(t, { rotateGraceMs: 0 })
  append(dir, 'a.sqlog', numbered(0, 1))
  await tailer.sweep()
  renameSync(join(dir, 'a.sqlog'), join(dir, 'a.1'))
  await tailer.sweep()
  t.notOk(sinks[0]?.isClosed)
  await tailer.sweep()
  t.ok(sinks[0]?.isClosed)
})

t.test('what was given up as lost is not read when the file comes back', async (t) => {
  const shared = new TailShared(1)
  const { dir, tailer, lines, seen, accounted, settle } = harness(t, { shared })
  append(dir, 'a.sqlog', 'one\ntorn')
  await tailer.sweep()
  append(dir, 'b.sqlog', '')
  append(dir, 'b.sqlog', 'two\n')
  await tailer.sweep()
  renameSync(join(dir, 'a.sqlog'), join(dir, 'a.1'))
  await settle()
  t.same(seen.lost, { deleted: 4 })
  renameSync(join(dir, 'a.1'), join(dir, 'a.sqlog'))
  append(dir, 'a.sqlog', ' off\nthree\n')
  await tailer.sweep()
  t.same(lines(), ['one', 'two', 'three'])
  t.equal(accounted(), 'one\ntorn off\nthree\ntwo\n'.length)
})
