import { rmSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { append, harness, numbered, upTo } from './support/tail-harness.ts'

t.test('a torn record waits until it is whole', async (t) => {
  const { dir, tailer, lines, seen } = harness(t)
  append(dir, 'a.sqlog', 'first\nsec')
  await tailer.sweep()
  t.same(lines(), ['first'])
  t.equal(tailer.status().lagBytes, 3)
  await tailer.sweep()
  append(dir, 'a.sqlog', 'ond')
  await tailer.sweep()
  t.same(lines(), ['first'])
  append(dir, 'a.sqlog', '\nthird\n')
  await tailer.sweep()
  t.same(lines(), ['first', 'second', 'third'])
  t.equal(seen.read, 'first\nsecond\nthird\n'.length)
  t.equal(tailer.status().lagBytes, 0)
})

t.test('a record that comes byte by byte', async (t) => {
  const { dir, tailer, lines } = harness(t)
  for (const byte of Buffer.from('{"α":1}\n{"β":2}\n')) {
    append(dir, 'a.sqlog', Uint8Array.of(byte))
    await tailer.sweep()
  }
  t.same(lines(), ['{"α":1}', '{"β":2}'])
})

t.test('a record longer than one read is read whole', async (t) => {
  const { dir, tailer, lines, seen } = harness(t)
  const long = 'x'.repeat(900_000)
  append(dir, 'a.sqlog', `before\n${long.slice(0, 400_000)}`)
  await tailer.sweep()
  t.equal(seen.read, 'before\n'.length)
  append(dir, 'a.sqlog', `${long.slice(400_000)}\nafter\n`)
  await tailer.sweep()
  t.same(
    lines().map((line) => line.length),
    ['before', long, 'after'].map((line) => line.length),
  )
})

t.test('the last record of a file that is gone is offered as the last, once', async (t) => {
  const { dir, tailer, lines, sinks, seen, settle } = harness(t)
  append(dir, 'a.sqlog', 'one\ntwo')
  await tailer.sweep()
  rmSync(join(dir, 'a.sqlog'))
  await settle()
  t.same(lines(), ['one', 'two'])
  t.ok(sinks[0]?.isClosed)
  t.equal(seen.read, 7)
  t.same(seen.lost, {})
})

t.test('only grown or rewritten files are read again', async (t) => {
  const { dir, tailer, sinks } = harness(t)
  append(dir, 'a.sqlog', 'torn')
  await tailer.sweep()
  const [sink] = sinks
  if (sink === undefined) throw new Error('no sink')
  let fed = 0
  const feed = sink.feed.bind(sink)
  sink.feed = (chunk, atEnd) => {
    fed++
    return feed(chunk, atEnd)
  }
  for (const _ of upTo(5)) await tailer.sweep()
  t.equal(fed, 0)
  append(dir, 'a.sqlog', numbered(0, 1))
  await tailer.sweep()
  t.equal(fed, 1)
})
