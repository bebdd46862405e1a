import { execFileSync } from 'node:child_process'
import { linkSync, lstatSync, mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { OpenFiles } from '../exporter/tail/open-files.ts'
import { trackFile } from '../exporter/tail/tracked-file.ts'
import {
  append,
  harness,
  numbered,
  numbersOf,
  openBelow,
  temporaryDirectory,
  upTo,
} from './support/tail-harness.ts'

t.test('a link to a file outside the root is refused and counted once', async (t) => {
  const outside = temporaryDirectory(t)
  append(outside, 'secret.sqlog', 'secret\n')
  const { dir, tailer, seen, sinks } = harness(t)
  symlinkSync(join(outside, 'secret.sqlog'), join(dir, 'a.sqlog'))
  for (const _ of upTo(3)) await tailer.sweep()
  t.same(seen.errors, ['outside_root a.sqlog'])
  t.equal(seen.read, 0)
  t.equal(sinks.length, 0)
  t.equal(tailer.status().up, true)
})

t.test('an error that lasts is told again after a minute', async (t) => {
  const { dir, tailer, clock, seen } = harness(t)
  symlinkSync('/etc/hostname', join(dir, 'a.sqlog'))
  for (const _ of upTo(60)) {
    await tailer.sweep()
    clock.ms += 1500
  }
  t.same(seen.errors, ['outside_root a.sqlog', 'outside_root a.sqlog'])
})

t.test('a link that leads out by way of .. or of a linked directory', async (t) => {
  const parent = temporaryDirectory(t)
  const root = join(parent, 'qlog')
  append(parent, 'secret.sqlog', 'secret\n')
  append(join(parent, 'qlog-other'), 'b.sqlog', 'other\n')
  mkdirSync(root)
  symlinkSync('../secret.sqlog', join(root, 'a.sqlog'))
  symlinkSync('../qlog-other/b.sqlog', join(root, 'b.sqlog'))
  symlinkSync(parent, join(root, 'up'))
  symlinkSync('up/secret.sqlog', join(root, 'c.sqlog'))
  const { tailer, seen, sinks } = harness(t, { roots: [root], recursive: true })
  await tailer.sweep()
  t.equal(sinks.length, 0)
  t.equal(seen.errors.filter((error) => error.startsWith('outside_root')).length, 3)
})

t.test('a link to a file inside the root, and a second name: read once', async (t) => {
  const { dir, tailer, sinks, lines } = harness(t, { recursive: true })
  append(join(dir, 'sub'), 'data.bin', numbered(0, 3))
  append(dir, 'real.sqlog', numbered(3, 3))
  symlinkSync('sub/data.bin', join(dir, 'a.sqlog'))
  symlinkSync('real.sqlog', join(dir, 'b.sqlog'))
  linkSync(join(dir, 'real.sqlog'), join(dir, 'c.sqlog'))
  for (const _ of upTo(3)) await tailer.sweep()
  t.equal(sinks.length, 2)
  t.same(
    numbersOf(lines()).toSorted((a, b) => a - b),
    upTo(6),
  )
})

t.test('a link swapped to a new target', async (t) => {
  const { dir, tailer, lines, sinks, seen, settle } = harness(t)
  append(dir, 'one', numbered(0, 3))
  symlinkSync('one', join(dir, 'current.sqlog'))
  await tailer.sweep()
  append(dir, 'one', numbered(3, 3))
  append(dir, 'two', numbered(6, 3))
  symlinkSync('two', join(dir, 'next'))
  renameSync(join(dir, 'next'), join(dir, 'current.sqlog'))
  await settle()
  t.same(numbersOf(lines()), upTo(9))
  t.same(
    sinks.map(({ isClosed }) => isClosed),
    [true, false],
  )
  t.same(seen.errors, [])
})

t.test('FIFO, socket, device, directory, loop and dangling link: ignored, told once', async (t) => {
  const { dir, tailer, sinks, seen } = harness(t)
  execFileSync('mkfifo', [join(dir, 'fifo.sqlog')])
  const server = createServer().listen(join(dir, 'socket.sqlog'))
  await new Promise((resolve) => server.once('listening', resolve))
  t.teardown(() => server.close())
  mkdirSync(join(dir, 'directory.sqlog'))
  symlinkSync('loop.sqlog', join(dir, 'loop.sqlog'))
  symlinkSync('nowhere', join(dir, 'dangling.sqlog'))
  symlinkSync('directory.sqlog', join(dir, 'linked.sqlog'))
  symlinkSync('/dev/zero', join(dir, 'zero.sqlog'))
  append(dir, 'good.sqlog', numbered(0, 1))
  const begun = performance.now()
  for (const _ of upTo(3)) await tailer.sweep()
  t.ok(performance.now() - begun < 1000, 'nothing blocks')
  t.equal(sinks.length, 1)
  const names = ['dangling', 'directory', 'fifo', 'linked', 'loop', 'socket']
  t.same(seen.errors.toSorted(), [
    ...names.map((name) => `not_regular ${name}.sqlog`),
    'outside_root zero.sqlog',
  ])
})

t.test('a file replaced by a FIFO between two looks', async (t) => {
  const { dir, tailer, sinks, seen, settle } = harness(t)
  append(dir, 'a.sqlog', numbered(0, 1))
  await tailer.sweep()
  rmSync(join(dir, 'a.sqlog'))
  execFileSync('mkfifo', [join(dir, 'a.sqlog')])
  await settle()
  t.ok(sinks[0]?.isClosed)
  t.same(seen.errors, ['not_regular a.sqlog'])
  rmSync(join(dir, 'a.sqlog'))
  append(dir, 'a.sqlog', numbered(1, 1))
  await tailer.sweep()
  t.same(numbersOf(sinks[1]?.lines ?? []), [1])
})

t.test('a root that is a FIFO is down', async (t) => {
  const dir = temporaryDirectory(t)
  execFileSync('mkfifo', [join(dir, 'root')])
  const { tailer, seen } = harness(t, { roots: [join(dir, 'root')] })
  await tailer.sweep()
  t.equal(tailer.status().up, false)
  t.equal(seen.errors.length, 1)
})

t.test('between the look and the open the path is swapped', (t) => {
  const dir = temporaryDirectory(t)
  const outside = temporaryDirectory(t)
  const path = join(dir, 'sub', 'a.sqlog')
  append(join(dir, 'sub'), 'a.sqlog', 'line\n')
  append(outside, 'a.sqlog', 'secret\n')
  const files = new OpenFiles(10)
  const found = { path, openPath: path, boundary: dir }
  const look = (at: string) => lstatSync(at, { bigint: true })
  const file = trackFile(1, { ...found, stats: look(path) }, 0, 1)

  renameSync(path, `${path}.1`)
  t.same(files.open(file), { type: 'moved' }, 'nothing')
  symlinkSync('a.sqlog.1', path)
  t.same(files.open(file), { type: 'failed', reason: 'not_regular' }, 'a link')
  rmSync(path)
  append(join(dir, 'sub'), 'a.sqlog', 'line\n')
  t.same(files.open(file), { type: 'moved' }, 'another file')
  rmSync(path)
  execFileSync('mkfifo', [path])
  t.same(files.open(file), { type: 'failed', reason: 'not_regular' }, 'a FIFO')

  // The directory on the way was a link already when the file was looked at.
  renameSync(join(dir, 'sub'), join(dir, 'moved'))
  symlinkSync(outside, join(dir, 'sub'))
  const fooled = trackFile(1, { ...found, stats: look(path) }, 0, 1)
  t.same(files.open(fooled), { type: 'failed', reason: 'outside_root' }, 'a linked directory')
  t.equal(fooled.fd, -1)
  t.same(openBelow(outside), [])
  t.end()
})
