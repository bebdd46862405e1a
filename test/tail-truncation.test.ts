import { closeSync, ftruncateSync, openSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { append, harness, numbered, numbersOf, upTo } from './support/tail-harness.ts'

t.test('emptied by copytruncate, writer appends', async (t) => {
  const { dir, tailer, sinks, lines, seen, accounted } = harness(t)
  const path = join(dir, 'a.sqlog')
  append(dir, 'a.sqlog', numbered(0, 50))
  await tailer.sweep()
  truncateSync(path, 0)
  append(dir, 'a.sqlog', numbered(50, 20))
  await tailer.sweep()
  t.same(numbersOf(lines()), upTo(70))
  t.same(seen.resets, ['truncated'])
  t.same(
    sinks.map(({ isClosed }) => isClosed),
    [true, false],
  )
  t.equal(accounted(), 70 * 40)
})

t.test('emptied and looked at while it is empty', async (t) => {
  const { dir, tailer, lines, seen } = harness(t)
  append(dir, 'a.sqlog', numbered(0, 5))
  await tailer.sweep()
  truncateSync(join(dir, 'a.sqlog'), 0)
  await tailer.sweep()
  t.same(seen.resets, ['truncated'])
  append(dir, 'a.sqlog', numbered(5, 5))
  await tailer.sweep()
  t.same(numbersOf(lines()), upTo(10))
  t.same(seen.resets, ['truncated'])
})

t.test('emptied and grown beyond the old offset before the next look', async (t) => {
  const { dir, tailer, lines, seen, accounted } = harness(t)
  append(dir, 'a.sqlog', numbered(0, 50))
  await tailer.sweep()
  truncateSync(join(dir, 'a.sqlog'), 0)
  append(dir, 'a.sqlog', numbered(50, 90))
  await tailer.sweep()
  t.same(numbersOf(lines()), upTo(140))
  t.same(seen.resets, ['marker'])
  t.equal(accounted(), 140 * 40)
})

t.test('rewritten with as many bytes', async (t) => {
  const { dir, tailer, lines, seen } = harness(t)
  const path = join(dir, 'a.sqlog')
  append(dir, 'a.sqlog', numbered(0, 5))
  await tailer.sweep()
  writeFileSync(path, numbered(5, 5))
  await tailer.sweep()
  t.same(numbersOf(lines()), upTo(10))
  append(dir, 'a.sqlog', numbered(10, 1))
  await tailer.sweep()
  t.same(numbersOf(lines()), upTo(11))
  t.same(seen.resets, ['marker'])
})

t.test('a torn record that is cut away is lost, and counted', async (t) => {
  const { dir, tailer, sinks, seen, accounted } = harness(t)
  append(dir, 'a.sqlog', 'one\ntorn')
  await tailer.sweep()
  truncateSync(join(dir, 'a.sqlog'), 0)
  await tailer.sweep()
  t.same(seen.lost, { truncated: 4 })
  t.same(sinks[0]?.lines, ['one'])
  t.ok(sinks[0]?.isClosed)
  t.equal(accounted(), 8)
})

t.test('only the torn record is cut away: reading goes on after the last whole one', async (t) => {
  const { dir, tailer, sinks, lines, seen, accounted } = harness(t)
  append(dir, 'a.sqlog', 'one\ntorn record')
  await tailer.sweep()
  truncateSync(join(dir, 'a.sqlog'), 4)
  append(dir, 'a.sqlog', 'two\n')
  await tailer.sweep()
  t.same(lines(), ['one', 'two'])
  t.equal(sinks.length, 1)
  t.same(seen.resets, [])
  t.same(seen.lost, { truncated: 7 })
  t.equal(accounted(), 'one\ntorn record'.length)
})

t.test('cut off in the middle: no record is read twice', async (t) => {
  const { dir, tailer, sinks, lines, seen, accounted } = harness(t)
  append(dir, 'a.sqlog', numbered(0, 100))
  await tailer.sweep()
  truncateSync(join(dir, 'a.sqlog'), 60 * 40)
  await tailer.sweep()
  append(dir, 'a.sqlog', numbered(100, 5))
  await tailer.sweep()
  t.same(numbersOf(lines()), upTo(105))
  t.same(seen.resets, ['truncated'])
  t.equal(sinks.length, 1)
  t.equal(accounted(), 105 * 40)
})

t.test('cut off inside a record: what is left of it is passed over', async (t) => {
  const { dir, tailer, lines, seen, accounted } = harness(t)
  append(dir, 'a.sqlog', numbered(0, 100))
  await tailer.sweep()
  truncateSync(join(dir, 'a.sqlog'), 60 * 40 + 11)
  await tailer.sweep()
  append(dir, 'a.sqlog', `\n${numbered(100, 5)}`)
  await tailer.sweep()
  t.same(numbersOf(lines()), upTo(105))
  t.same(seen.resets, ['truncated'])
  t.equal(accounted(), 105 * 40 + 1)
})

for (const hole of [1001, 5_000_000]) {
  t.test(`a writer that keeps its position leaves a hole of ${hole} bytes`, async (t) => {
    const { dir, tailer, lines, seen, accounted } = harness(t)
    const path = join(dir, 'a.sqlog')
    const first = `${'h'.repeat(hole - 41)}\n${numbered(0, 1)}`
    const writer = openSync(path, 'w')
    writeSync(writer, first)
    await tailer.sweep()
    truncateSync(path, 0)
    writeSync(writer, numbered(1, 3))
    closeSync(writer)
    await tailer.sweep()
    t.same(numbersOf(lines().slice(-4)), upTo(4))
    t.same(seen.lost, { nul_hole: hole })
    t.equal(seen.resets.length, 1)
    t.equal(accounted(), 2 * hole + 120)
  })
}

t.test('a sparse hole of 256 MiB is passed over in constant memory', async (t) => {
  const { dir, tailer, lines, seen } = harness(t)
  const hole = 256 * 1024 ** 2
  const writer = openSync(join(dir, 'a.sqlog'), 'w')
  ftruncateSync(writer, hole)
  writeSync(writer, numbered(0, 3), hole)
  closeSync(writer)
  const before = process.memoryUsage.rss()
  await tailer.sweep()
  t.ok(process.memoryUsage.rss() - before < 32 * 1024 ** 2)
  t.same(numbersOf(lines()), upTo(3))
  t.same(seen.lost, { nul_hole: hole })
})

for (const [where, before] of Object.entries({ 'a torn record': 'one\ntw', records: 'one\n' })) {
  t.test(`zeros after ${where} wait for what follows: they may turn into data`, async (t) => {
    const { dir, tailer, clock, lines, seen } = harness(t)
    const writer = openSync(join(dir, 'a.sqlog'), 'w')
    writeSync(writer, before)
    if (where === 'records') await tailer.sweep()
    ftruncateSync(writer, 8)
    await tailer.sweep()
    t.same(seen.lost, {})
    t.equal(tailer.status().lagBytes, 4)
    clock.ms += 1000
    await tailer.sweep()
    t.equal(tailer.status().lagSeconds, 0)
    writeSync(writer, 'two\n'.slice(before.length - 4))
    await tailer.sweep()
    t.same(lines(), ['one', 'two'])
    writeSync(writer, 'three\n')
    closeSync(writer)
    await tailer.sweep()
    t.same(lines(), ['one', 'two', 'three'])
    t.same(seen.lost, {})
  })
}

t.test('a torn first record that is cut away is forgotten', async (t) => {
  const { dir, tailer, sinks, lines, seen, accounted } = harness(t)
  append(dir, 'a.sqlog', 'torn first record')
  await tailer.sweep()
  truncateSync(join(dir, 'a.sqlog'), 0)
  append(dir, 'a.sqlog', 'whole\n')
  await tailer.sweep()
  t.same(lines(), ['torn first record', 'whole'].slice(1))
  t.same(
    sinks.map(({ isClosed }) => isClosed),
    [true, false],
  )
  t.same(seen.lost, { truncated: 17 })
  t.equal(accounted(), 17 + 6)
})
