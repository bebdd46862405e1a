import { truncateSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { append, harness, numbered, numbersOf, upTo } from './support/tail-harness.ts'

t.test('end: the header is shown, then only what is new is read', async (t) => {
  const { dir, tailer, sinks, lines, seen, accounted } = harness(t, { startAt: 'end' })
  append(dir, 'a.sqlog', `header\n${numbered(0, 10)}`)
  await tailer.sweep()
  t.equal(sinks.length, 1)
  t.same(sinks[0]?.headers, [`header\n${numbered(0, 10)}`])
  t.same(lines(), [])
  t.equal(seen.read, 0)
  t.equal(tailer.status().lagBytes, 0)
  append(dir, 'a.sqlog', numbered(10, 5))
  await tailer.sweep()
  t.same(numbersOf(lines()), [10, 11, 12, 13, 14])
  t.equal(accounted(), 5 * 40)
})

t.test('end: a record that is torn at the start is passed over', async (t) => {
  const { dir, tailer, lines, accounted } = harness(t, { startAt: 'end' })
  append(dir, 'a.sqlog', 'header\nhalf a rec')
  await tailer.sweep()
  append(dir, 'a.sqlog', 'ord\nwhole\n')
  await tailer.sweep()
  t.same(lines(), ['whole'])
  t.equal(accounted(), 'ord\nwhole\n'.length)
})

t.test('end: no more than 64 KiB of header', async (t) => {
  const { dir, tailer, sinks } = harness(t, { startAt: 'end' })
  append(dir, 'a.sqlog', numbered(0, 10_000))
  await tailer.sweep()
  t.equal(sinks[0]?.headers[0]?.length, 64 * 1024)
})

t.test('end: a file that is empty at the start is read from its start', async (t) => {
  const { dir, tailer, sinks, lines } = harness(t, { startAt: 'end' })
  append(dir, 'a.sqlog', '')
  await tailer.sweep()
  append(dir, 'a.sqlog', numbered(0, 2))
  await tailer.sweep()
  t.same(numbersOf(lines()), upTo(2))
  t.same(sinks[0]?.headers, [])
})

t.test('end: files found later are read from their start', async (t) => {
  const { dir, tailer, lines } = harness(t, { startAt: 'end' })
  append(dir, 'a.sqlog', numbered(90, 5))
  await tailer.sweep()
  append(dir, 'b.sqlog', numbered(0, 5))
  await tailer.sweep()
  t.same(numbersOf(lines()), upTo(5))
})

t.test('end: emptied before it ever grew', async (t) => {
  const { dir, tailer, lines, seen } = harness(t, { startAt: 'end' })
  append(dir, 'a.sqlog', numbered(90, 10))
  await tailer.sweep()
  truncateSync(join(dir, 'a.sqlog'), 0)
  append(dir, 'a.sqlog', numbered(0, 3))
  await tailer.sweep()
  t.same(numbersOf(lines()), upTo(3))
  t.same(seen.resets, ['truncated'])
})

t.test('end: of very many files only the ones written last are opened at once', async (t) => {
  const { dir, tailer, sinks, lines } = harness(t, { startAt: 'end' })
  for (let i = 0; i < 1200; i++) {
    append(dir, `${i}.sqlog`, 'header\n')
    utimesSync(join(dir, `${i}.sqlog`), 1000 + i, 1000 + i)
  }
  await tailer.sweep()
  t.equal(sinks.length, 1000)
  t.notOk(sinks.some(({ path }) => path.endsWith('/199.sqlog')))
  append(dir, '199.sqlog', 'late\n')
  await tailer.sweep()
  t.same(lines(), ['late'])
  t.same(sinks.at(-1)?.headers, ['header\nlate\n'])
})

t.test('beginning: everything is read', async (t) => {
  const { dir, tailer, sinks, lines, accounted } = harness(t, { startAt: 'beginning' })
  append(dir, 'a.sqlog', numbered(0, 5))
  await tailer.sweep()
  t.same(numbersOf(lines()), upTo(5))
  t.same(sinks[0]?.headers, [])
  t.equal(accounted(), 200)
})
