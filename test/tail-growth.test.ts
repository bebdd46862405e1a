import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { append, harness, numbered, numbersOf, upTo } from './support/tail-harness.ts'

t.test('every byte that is appended is fed once', async (t) => {
  const { dir, tailer, lines, seen } = harness(t)
  const text = numbered(0, 10_000, 71)
  let at = 0
  for (let i = 0; at < text.length; i++) {
    const size = 1 + ((i * 7919) % 70_000)
    append(dir, 'a.sqlog', text.slice(at, at + size))
    at += size
    await tailer.sweep()
  }
  t.same(numbersOf(lines()), upTo(10_000))
  t.equal(seen.read, text.length)
  t.same(seen.lost, {})
  t.same(seen.resets, [])
  t.equal(tailer.status().lagBytes, 0)
})

t.test('a backlog larger than one turn is read by one sweep', async (t) => {
  const { dir, tailer, lines, seen } = harness(t)
  const text = numbered(0, 120_000, 100)
  writeFileSync(join(dir, 'a.sqlog'), text)
  writeFileSync(join(dir, 'b.sqlog'), numbered(0, 3))
  t.notOk(tailer.backlogApplied())
  await tailer.sweep()
  t.ok(tailer.backlogApplied())
  t.equal(lines().length, 120_003)
  t.equal(seen.read, text.length + 120)
})

t.test('a backlog is read in turns: other work and other files come in between', async (t) => {
  const { dir, tailer, sinks } = harness(t)
  const records = 300_000
  writeFileSync(join(dir, 'big.sqlog'), numbered(0, records, 100))
  writeFileSync(join(dir, 'small.sqlog'), numbered(0, 1))
  let swept = false
  const sweep = tailer.sweep().then(() => {
    swept = true
  })
  let rounds = 0
  let bigWhenSmallWasRead = records
  while (!swept) {
    await new Promise((resolve) => setImmediate(resolve))
    rounds++
    const [big, small] = ['big', 'small'].map((name) =>
      sinks.find(({ path }) => path.endsWith(`${name}.sqlog`)),
    )
    if (small?.lines.length === 1) {
      bigWhenSmallWasRead = Math.min(bigWhenSmallWasRead, big?.lines.length ?? 0)
    }
  }
  await sweep
  t.ok(rounds >= (records * 100) / (4 * 1024 * 1024), `${rounds} rounds of the event loop`)
  t.ok(bigWhenSmallWasRead < records / 5, `${bigWhenSmallWasRead} records before the small file`)
})

t.test('many files that grow in turn', async (t) => {
  const { dir, tailer, sinks, accounted } = harness(t)
  let written = 0
  for (let round = 0; round < 5; round++) {
    for (let i = 0; i < 200; i++) {
      const text = numbered(round, 1, 30 + i)
      append(dir, `${i}.sqlog`, text)
      written += text.length
    }
    await tailer.sweep()
  }
  t.equal(sinks.length, 200)
  t.ok(sinks.every(({ lines }) => numbersOf(lines).join() === '0,1,2,3,4'))
  t.equal(accounted(), written)
})

t.test('bytes of any value are passed on as they are', async (t) => {
  const { dir, tailer, sinks } = harness(t)
  const line = Buffer.from('ä€𝄞'.repeat(50))
  append(dir, 'a.sqlog', line.subarray(0, 5))
  await tailer.sweep()
  append(dir, 'a.sqlog', line.subarray(5))
  append(dir, 'a.sqlog', '\n')
  await tailer.sweep()
  t.equal(sinks[0]?.lines[0], line.toString())
  append(dir, 'b.sqlog', Buffer.concat([randomBytes(5000), Buffer.from('\n')]))
  await tailer.sweep()
  t.equal(tailer.status().lagBytes, 0)
})

t.test('silence is told once per sweep to files that did not grow', async (t) => {
  const { dir, tailer, sinks, clock } = harness(t)
  append(dir, 'a.sqlog', numbered(0, 1))
  append(dir, 'b.sqlog', numbered(0, 1))
  await tailer.sweep()
  for (const sink of sinks) sink.silentMs = []
  clock.ms += 10_000
  append(dir, 'a.sqlog', numbered(1, 1))
  await tailer.sweep()
  clock.ms += 3000
  await tailer.sweep()
  const [a, b] = ['a', 'b'].map((name) => sinks.find(({ path }) => path.endsWith(`${name}.sqlog`)))
  t.same(a?.silentMs, [3000])
  t.equal(b?.silentMs.length, 2)
  t.ok((b?.silentMs[0] ?? 0) >= 10_000)
  t.equal((b?.silentMs[1] ?? 0) - (b?.silentMs[0] ?? 0), 3000)
})

t.test('lag is what waits, and for how long', async (t) => {
  const { dir, tailer, clock } = harness(t)
  append(dir, 'a.sqlog', 'torn')
  await tailer.sweep()
  clock.ms += 60_000
  const { lagBytes, lagSeconds, onDiskBytes, filesOpen, up } = tailer.status()
  t.match(
    { lagBytes, lagSeconds, onDiskBytes, filesOpen, up },
    {
      lagBytes: 4,
      lagSeconds: 0,
      onDiskBytes: 4,
      filesOpen: 1,
      up: true,
    },
  )
  const { newestWriteMs = 0 } = tailer.status()
  t.ok(Math.abs(newestWriteMs - Date.now()) < 60_000)
})
