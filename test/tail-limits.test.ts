import { execFileSync } from 'node:child_process'
import { closeSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { TailShared } from '../exporter/tail/tailer.ts'
import { nameMatcher } from '../exporter/tail/wildcard.ts'
import {
  append,
  harness,
  numbered,
  numbersOf,
  openBelow,
  temporaryDirectory,
  upTo,
} from './support/tail-harness.ts'

t.test('three open files for fifty that grow, torn records included', async (t) => {
  const { dir, tailer, sinks, seen, accounted } = harness(t, { shared: new TailShared(3) })
  let written = 0
  for (const round of upTo(6)) {
    for (const i of upTo(50)) {
      const text = numbered(round, 1, 30 + i)
      const cut = (i + round) % text.length
      append(dir, `${i}.sqlog`, text.slice(0, cut))
      if (round % 2 === 1) await (i === 25 ? tailer.sweep() : undefined)
      append(dir, `${i}.sqlog`, text.slice(cut))
      written += text.length
    }
    append(dir, '0.sqlog', '')
    await tailer.sweep()
    t.ok(tailer.status().filesOpen <= 3)
    t.ok(openBelow(dir).length <= 3)
  }
  t.equal(sinks.length, 50)
  t.ok(sinks.every(({ lines }) => numbersOf(lines).join() === '0,1,2,3,4,5'))
  t.equal(accounted(), written)
  t.same(seen.resets, [])
  const { filesOpen, filesParked, filesComplete } = tailer.status()
  t.same([filesOpen, filesParked, filesComplete], [3, 0, 47])
})

t.test('files with waiting bytes are parked last', async (t) => {
  const { dir, tailer } = harness(t, { shared: new TailShared(2) })
  append(dir, 'a.sqlog', 'torn')
  await tailer.sweep()
  append(dir, 'b.sqlog', 'whole\n')
  await tailer.sweep()
  append(dir, 'c.sqlog', 'whole\n')
  await tailer.sweep()
  t.match(tailer.status(), { filesOpen: 2, filesParked: 0, filesComplete: 1, lagBytes: 4 })
})

t.test('tailers of one process share the open files', async (t) => {
  const shared = new TailShared(4)
  const one = harness(t, { shared })
  const two = harness(t, { shared })
  for (const i of upTo(10)) {
    append(one.dir, `${i}.sqlog`, numbered(i, 1))
    append(two.dir, `${i}.sqlog`, numbered(i, 1))
    await Promise.all([one.tailer.sweep(), two.tailer.sweep()])
  }
  t.same(numbersOf(one.lines()), upTo(10))
  t.same(numbersOf(two.lines()), upTo(10))
  t.equal(one.tailer.status().filesOpen + two.tailer.status().filesOpen, 4)
})

t.test('a file that is idle for minutes is closed, and opened again when it grows', async (t) => {
  const { dir, tailer, clock, lines } = harness(t)
  append(dir, 'a.sqlog', numbered(0, 1))
  append(dir, 'torn.sqlog', 'torn')
  await tailer.sweep()
  clock.ms += 600_000
  await tailer.sweep()
  t.match(tailer.status(), { filesOpen: 1, filesComplete: 1 })
  append(dir, 'a.sqlog', numbered(1, 1))
  await tailer.sweep()
  t.same(numbersOf(lines()), upTo(2))
})

t.test('an endless line takes no memory, and what follows it is read', async (t) => {
  const maxRecordBytes = 100_000
  const { dir, tailer, sinks, seen, accounted } = harness(t, { maxRecordBytes })
  const writer = openSync(join(dir, 'a.sqlog'), 'a')
  const piece = Buffer.alloc(1024 * 1024, 'x')
  writeSync(writer, 'before\n')
  const before = process.memoryUsage.rss()
  for (const _ of upTo(64)) {
    writeSync(writer, piece)
    await tailer.sweep()
  }
  t.ok(process.memoryUsage.rss() - before < 32 * 1024 ** 2)
  t.equal(tailer.status().lagBytes, 0)
  writeSync(writer, '\nafter\n')
  closeSync(writer)
  await tailer.sweep()
  t.same(sinks[0]?.lines, ['before', 'after'])
  t.equal(sinks[0]?.tooLong, 1)
  t.equal(seen.read, 64 * 1024 * 1024 + 14)
  t.equal(accounted(), 64 * 1024 * 1024 + 14)
})

t.test('a reader that uses nothing does not keep the process busy', async (t) => {
  const { dir, tailer, sinks } = harness(t, { maxRecordBytes: 1000 })
  append(dir, 'a.sqlog', 'one\n')
  await tailer.sweep()
  const [sink] = sinks
  if (sink === undefined) throw new Error('no sink')
  sink.feed = () => 0
  append(dir, 'a.sqlog', Buffer.alloc(1_000_000, 'x'))
  await tailer.sweep()
  t.equal(tailer.status().lagBytes, 1_000_000)
})

t.test('the kernel allows few open files: nothing is lost, nothing ends', (t) => {
  const dir = temporaryDirectory(t)
  const script = new URL('./support/tail-few-descriptors.ts', import.meta.url).pathname
  const command = 'ulimit -n 64 && exec "$0" "$1" "$2"'
  const out = execFileSync('sh', ['-c', command, process.execPath, script, dir]).toString()
  t.match(JSON.parse(out), { lines: 1000, sinks: 500, lagBytes: 0, lost: 0, up: true })
  t.end()
})

t.test('patterns', (t) => {
  const table: [string, string, boolean][] = [
    ['*.sqlog', 'a.sqlog', true],
    ['*.sqlog', 'a.sqlog.gz', false],
    ['*', '', true],
    ['a*b*c', 'a--b--b-c', true],
    ['a*b*c', 'a--b--b-d', false],
    ['a?c', 'abc', true],
    ['a?c', 'ac', false],
    ['?*', '', false],
    ['access.log', 'access.log', true],
    ['access.log', 'accessxlog', false],
    ['[a-z]*', '[a-z]1', true],
    ['[a-z]*', 'b1', false],
  ]
  for (const [pattern, name, expected] of table) {
    t.equal(nameMatcher([pattern])(name), expected, `${pattern} ${name}`)
  }
  t.notOk(nameMatcher([])('a'))
  const begun = performance.now()
  t.notOk(nameMatcher([`${'*a'.repeat(50)}*b`])('a'.repeat(250)))
  t.ok(performance.now() - begun < 100)
  t.end()
})
