import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { TailShared } from '../exporter/tail/tailer.ts'
import {
  append,
  GRACE_MS,
  harness,
  numbered,
  numbersOf,
  openBelow,
  upTo,
} from './support/tail-harness.ts'

t.test(
  'deleted while open: what the writer adds is still read, then the disk is freed',
  async (t) => {
    const { dir, tailer, clock, sinks, lines, seen, settle } = harness(t)
    const path = join(dir, 'a.sqlog')
    const writer = openSync(path, 'a')
    writeSync(writer, numbered(0, 10))
    await tailer.sweep()
    rmSync(path)
    for (let i = 10; i < 40; i += 10) {
      await tailer.sweep()
      clock.ms += 1000
      writeSync(writer, numbered(i, 10))
    }
    closeSync(writer)
    await settle()
    t.same(numbersOf(lines()), upTo(40))
    t.ok(sinks[0]?.isClosed)
    t.same(seen.lost, {})
    t.same(openBelow(dir), [])
    t.match(tailer.status(), { filesOpen: 0, filesComplete: 0, lagBytes: 0, onDiskBytes: 0 })
  },
)

t.test('delete and recreate under the same name', async (t) => {
  const { dir, tailer, lines, settle } = harness(t)
  for (let i = 0; i < 10; i++) {
    append(dir, 'a.sqlog', numbered(i * 3, 3))
    await tailer.sweep()
    rmSync(join(dir, 'a.sqlog'))
  }
  await settle()
  t.same(numbersOf(lines()), upTo(30))
})

t.test('many short-lived files leave nothing behind', async (t) => {
  const { dir, tailer, clock, lines, sinks, settle } = harness(t)
  for (let i = 0; i < 200; i++) {
    append(dir, `${i}.sqlog`, numbered(i, 1))
    if (i % 10 === 9) {
      await tailer.sweep()
      clock.ms += 1500
      for (let k = i - 9; k <= i; k++) rmSync(join(dir, `${k}.sqlog`))
    }
  }
  await settle()
  t.same(
    numbersOf(lines()).toSorted((a, b) => a - b),
    upTo(200),
  )
  t.ok(sinks.every(({ isClosed }) => isClosed))
  t.match(tailer.status(), { filesOpen: 0, filesParked: 0, filesComplete: 0 })
})

t.test(
  'what was never read of a file that could not be held open is counted as lost',
  async (t) => {
    const shared = new TailShared(1)
    const { dir, tailer, seen, sinks, lines, accounted, settle } = harness(t, { shared })
    append(dir, 'a.sqlog', 'one\ntorn')
    await tailer.sweep()
    append(dir, 'b.sqlog', numbered(0, 1))
    await tailer.sweep()
    t.equal(tailer.status().filesParked, 1)
    rmSync(join(dir, 'a.sqlog'))
    await settle()
    t.same(seen.lost, { deleted: 4 })
    t.same(lines(), ['one', numbered(0, 1).trimEnd()])
    t.ok(sinks[0]?.isClosed)
    t.equal(accounted(), 8 + 40)
  },
)

t.test('a file without a byte comes and goes without a sink', async (t) => {
  const { dir, tailer, clock, sinks } = harness(t)
  append(dir, 'a.sqlog', '')
  await tailer.sweep()
  rmSync(join(dir, 'a.sqlog'))
  await tailer.sweep()
  clock.ms += GRACE_MS
  await tailer.sweep()
  t.equal(sinks.length, 0)
  t.equal(tailer.status().filesOpen, 0)
})
