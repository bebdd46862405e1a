import { renameSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Waker } from '../exporter/tail/waker.ts'
import { WatchHints } from '../exporter/tail/watch-hints.ts'
import {
  append,
  type Harness,
  harness,
  numbered,
  numbersOf,
  temporaryDirectory,
  until,
  upTo,
} from './support/tail-harness.ts'

const sorted = (lines: readonly string[]) => numbersOf(lines).toSorted((a, b) => a - b)

/** Runs by itself: by the kernel's hints alone (no sweep within a minute), or by sweeps alone. */
const MODES = {
  'watching, no sweeps': { watch: true, sweepIntervalMs: 60_000 },
  'sweeps, no watching': { watch: false, sweepIntervalMs: 50 },
}

for (const [mode, options] of Object.entries(MODES)) {
  const started = async (t: Parameters<typeof harness>[0], more = {}): Promise<Harness> => {
    const all = harness(t, { ...options, ...more })
    all.tailer.start()
    await until(t, () => all.tailer.backlogApplied())
    return all
  }

  t.test(`${mode}: growth, new files, many of them`, async (t) => {
    const { dir, lines } = await started(t)
    append(dir, 'a.sqlog', numbered(0, 5))
    const first = await until(t, () => lines().length === 5)
    t.ok(first < 1000, `${first} ms`)
    append(dir, 'a.sqlog', numbered(5, 5))
    const second = await until(t, () => lines().length === 10)
    t.ok(second < 1000, `${second} ms`)
    for (let i = 10; i < 500; i++) append(dir, `${i}.sqlog`, numbered(i, 1))
    await until(t, () => lines().length === 500)
    t.same(sorted(lines()), upTo(500))
  })

  t.test(`${mode}: two writes shortly after each other, then none`, async (t) => {
    const { dir, lines } = await started(t)
    for (const i of upTo(10)) {
      append(dir, 'a.sqlog', numbered(2 * i, 1))
      await new Promise((resolve) => setTimeout(resolve, 20))
      append(dir, 'a.sqlog', numbered(2 * i + 1, 1))
      await until(t, () => lines().length === 2 * i + 2)
    }
    t.same(numbersOf(lines()), upTo(20))
  })

  t.test(`${mode}: rotation`, async (t) => {
    const { dir, lines, sinks } = await started(t)
    append(dir, 'a.sqlog', numbered(0, 5))
    await until(t, () => lines().length === 5)
    append(dir, 'a.sqlog', numbered(5, 5))
    renameSync(join(dir, 'a.sqlog'), join(dir, 'b.sqlog'))
    append(dir, 'a.sqlog', numbered(10, 5))
    await until(t, () => lines().length === 15)
    t.same(sorted(lines()), upTo(15))
    t.equal(sinks.length, 2)
  })

  t.test(`${mode}: the directory appears later, goes and comes again`, async (t) => {
    const root = join(temporaryDirectory(t), 'not', 'yet')
    const { tailer, lines } = await started(t, { roots: [root] })
    append(root, 'a.sqlog', numbered(0, 5))
    await until(t, () => lines().length === 5)
    t.ok(tailer.status().up)
    append(root, 'a.sqlog', numbered(5, 5))
    await until(t, () => lines().length === 10)
    rmSync(root, { recursive: true })
    if (options.watch) await tailer.sweep()
    await until(t, () => !tailer.status().up)
    append(root, 'a.sqlog', numbered(10, 5))
    await until(t, () => lines().length === 15)
    t.same(numbersOf(lines()), upTo(15))
  })

  t.test(`${mode}: a single file`, async (t) => {
    const root = join(temporaryDirectory(t), 'access.log')
    const { lines } = await started(t, { roots: [root] })
    append(join(root, '..'), 'access.log', numbered(0, 5))
    await until(t, () => lines().length === 5)
    renameSync(root, `${root}.1`)
    append(join(root, '..'), 'access.log', numbered(5, 5))
    await until(t, () => lines().length === 10)
    t.same(numbersOf(lines()), upTo(10))
  })

  t.test(`${mode}: a single file named by a link elsewhere`, async (t) => {
    const logs = temporaryDirectory(t)
    const root = join(temporaryDirectory(t), 'current.log')
    append(logs, '1.log', numbered(0, 5))
    symlinkSync(join(logs, '1.log'), root)
    const { lines } = await started(t, { roots: [root] })
    append(logs, '1.log', numbered(5, 5))
    await until(t, () => lines().length === 10)
    append(logs, '2.log', numbered(10, 5))
    symlinkSync(join(logs, '2.log'), `${root}.new`)
    renameSync(`${root}.new`, root)
    await until(t, () => lines().length === 15)
    t.same(numbersOf(lines()), upTo(15))
  })

  t.test(`${mode}: new directories below a recursive root`, async (t) => {
    const { dir, lines } = await started(t, { recursive: true })
    append(join(dir, 'x', 'y'), 'a.sqlog', numbered(0, 5))
    await until(t, () => lines().length === 5)
    append(join(dir, 'x', 'y'), 'a.sqlog', numbered(5, 5))
    append(join(dir, 'x', 'z'), 'b.sqlog', numbered(10, 5))
    await until(t, () => lines().length === 15)
    t.same(sorted(lines()), upTo(15))
  })
}

t.test('hints that get lost are made up for by sweeps', async (t) => {
  const { dir, tailer, lines } = harness(t, { watch: true, sweepIntervalMs: 200 })
  tailer.start()
  await until(t, () => tailer.backlogApplied())
  // More than the kernel queues for a process that does not listen meanwhile.
  for (const i of upTo(10_000)) append(dir, `${i}.sqlog`, numbered(i, 1))
  await until(t, () => lines().length === 10_000, 30_000)
  t.same(sorted(lines()), upTo(10_000))
})

t.test('a directory replaced under its name is watched anew', async (t) => {
  const parent = temporaryDirectory(t)
  const root = join(parent, 'qlog')
  append(root, 'a.sqlog', numbered(0, 1))
  append(join(parent, 'next'), 'a.sqlog', numbered(1, 1))
  const { tailer, lines } = harness(t, { roots: [root], watch: true, sweepIntervalMs: 60_000 })
  tailer.start()
  await until(t, () => lines().length === 1)
  renameSync(root, join(parent, 'old'))
  renameSync(join(parent, 'next'), root)
  await tailer.sweep()
  append(root, 'a.sqlog', numbered(2, 1))
  await until(t, () => lines().length === 3)
  t.same(numbersOf(lines()), upTo(3))
})

t.test('a directory that cannot be watched degrades, one that is gone does not', async (t) => {
  const hints = new WatchHints({ hint: () => {}, sweepSoon: () => {} })
  t.teardown(() => hints.close())
  const inode = { dev: 1n, ino: 1n }
  hints.watch(join(temporaryDirectory(t), 'gone'), inode)
  t.equal(hints.degraded, false)
  hints.watch(`${temporaryDirectory(t)}/${'x'.repeat(300)}`, inode)
  t.equal(hints.degraded, true)
  hints.beginRound()
  t.equal(hints.degraded, false)
})

t.test('hints without end do not put off the next sweep', async (t) => {
  let sweeps = 0
  const waker = new Waker({ beginSweep: () => sweeps++, lookAt: () => {} }, 60_000)
  t.teardown(() => waker.stop())
  waker.start()
  waker.swept(0, 0)
  const spin = setInterval(() => waker.sweepSoon(), 5)
  await until(t, () => sweeps === 2, 2000)
  clearInterval(spin)
  t.equal(sweeps, 2)
})

t.test('after a costly sweep even hints wait for nine times its cost', async (t) => {
  const begun = performance.now()
  let sweptAfter = 0
  const beginSweep = () => {
    sweptAfter = performance.now() - begun
  }
  const waker = new Waker({ beginSweep, lookAt: () => {} }, 10)
  t.teardown(() => waker.stop())
  waker.start()
  sweptAfter = 0
  waker.swept(20, 20)
  waker.sweepSoon()
  await until(t, () => sweptAfter > 0)
  t.ok(sweptAfter >= 170, `${sweptAfter} ms`)
})
