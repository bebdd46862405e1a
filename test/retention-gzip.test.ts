/** Files that are compressed: whole, and never in the place of another. */
import { spawnSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { gunzipSync, gzipSync } from 'node:zlib'
import t from 'tap'
import { retaining } from './support/retention.ts'
import { seeded } from './support/seeded.ts'
import { noSmallDisk, smallDisk } from './support/small-disk.ts'
import { append, numbered } from './support/tail-harness.ts'

const GZIP = { action: 'gzip' } as const

/** Lines that cannot be made much smaller. */
function noise(bytes: number): Buffer {
  const random = seeded(bytes)
  const block = Buffer.from(Array.from({ length: 100_000 }, () => 11 + random(200)))
  for (let i = 99; i < block.length; i += 100) block[i] = 10
  return Buffer.alloc(bytes, block)
}

t.test('NAME.gz holds what NAME held, with its time, permissions and owner', async (t) => {
  const { dir, tailer, retention, wait, finish, counted, settle, seen } = retaining(t, GZIP)
  const path = join(dir, 'a.sqlog')
  const content = noise(3_000_000)
  writeFileSync(path, content)
  chmodSync(path, 0o640)
  const isRoot = process.getuid?.() === 0
  if (isRoot) chownSync(path, 1234, 2345)
  utimesSync(path, 1_500_000_000.125, 1_500_000_000.25)
  await tailer.sweep()
  finish()
  wait()
  await retention.round()
  t.same(readdirSync(dir), ['a.sqlog.gz'])
  t.ok(gunzipSync(readFileSync(`${path}.gz`)).equals(content))
  t.equal(spawnSync('gzip', ['-t', `${path}.gz`]).status, 0)
  const { mode, uid, gid, mtimeMs } = statSync(`${path}.gz`)
  t.equal(mode & 0o7777, 0o640)
  t.equal(mtimeMs, 1_500_000_000_250)
  if (isRoot) t.same([uid, gid], [1234, 2345])
  t.same(counted, { compressed: 1 })
  await settle()
  t.same([seen.read, seen.lost, seen.resets, seen.errors], [content.length, {}, [], []])
  t.equal(tailer.status().onDiskBytes, 0, 'what is compressed is not read')
})

t.test('another NAME.gz is never touched, and told of once', async (t) => {
  const others: Record<string, (path: string) => void> = {
    'other contents': (path) => writeFileSync(path, gzipSync(numbered(0, 9))),
    'contents of the same length': (path) => writeFileSync(path, gzipSync(numbered(1, 10))),
    'more contents': (path) => writeFileSync(path, gzipSync(numbered(0, 11))),
    'cut off': (path) => writeFileSync(path, gzipSync(numbered(0, 10)).subarray(0, -9)),
    'no gzip': (path) => writeFileSync(path, 'something'),
    'a directory': (path) => mkdirSync(path),
    'a link': (path) => {
      writeFileSync(`${path}.target`, gzipSync(numbered(0, 10)))
      symlinkSync(`${path}.target`, path)
    },
  }
  for (const [what, make] of Object.entries(others)) {
    await t.test(what, async (t) => {
      const { dir, tailer, retention, wait, finish, counted, told, clock } = retaining(t, GZIP)
      append(dir, 'a.sqlog', numbered(0, 10))
      make(join(dir, 'a.sqlog.gz'))
      const before = spawnSync('ls', ['-lR', '--full-time', dir]).stdout.toString()
      await tailer.sweep()
      finish()
      wait()
      await retention.round()
      await retention.round()
      t.same(counted, { failed: 1 }, 'it is left alone for a while')
      clock.ms += 60_000
      await retention.round()
      t.same(counted, { failed: 2 })
      t.equal(spawnSync('ls', ['-lR', '--full-time', dir]).stdout.toString(), before)
      t.equal(told.filter((line) => line.includes('a.sqlog')).length, 1)
    })
  }
})

t.test('what a killed process left is used, or made anew', async (t) => {
  await t.test('NAME.gz was there, and NAME still', async (t) => {
    const { dir, tailer, retention, wait, finish, counted } = retaining(t, GZIP)
    append(dir, 'a.sqlog', numbered(0, 10_000))
    writeFileSync(join(dir, 'a.sqlog.gz'), gzipSync(numbered(0, 10_000)))
    const { ino } = statSync(join(dir, 'a.sqlog.gz'))
    await tailer.sweep()
    finish()
    wait()
    await retention.round()
    t.same(readdirSync(dir), ['a.sqlog.gz'])
    t.equal(statSync(join(dir, 'a.sqlog.gz')).ino, ino)
    t.same(counted, { compressed: 1 })
  })
  for (const kind of ['a file', 'a link'] as const) {
    await t.test(`NAME.gz.part is ${kind}`, async (t) => {
      const { dir, tailer, retention, wait, finish } = retaining(t, GZIP)
      append(dir, 'a.sqlog', numbered(0, 10))
      const part = join(dir, 'a.sqlog.gz.part')
      writeFileSync(join(dir, 'target'), 'untouched')
      if (kind === 'a file') writeFileSync(part, noise(1000))
      else symlinkSync('target', part)
      await tailer.sweep()
      finish()
      wait()
      await retention.round()
      t.same(readdirSync(dir).sort(), ['a.sqlog.gz', 'target'])
      t.equal(readFileSync(join(dir, 'target'), 'utf8'), 'untouched')
      t.equal(gunzipSync(readFileSync(join(dir, 'a.sqlog.gz'))).toString(), numbered(0, 10))
    })
  }
})

t.test('a file that grows while it is compressed stays, and nothing else does', async (t) => {
  const { dir, tailer, retention, wait, finish, counted, seen, clock } = retaining(t, GZIP)
  const path = join(dir, 'a.sqlog')
  writeFileSync(path, noise(3_000_000))
  await tailer.sweep()
  finish()
  wait()
  const round = retention.round()
  while (!existsSync(`${path}.gz.part`)) await setImmediate()
  appendFileSync(path, numbered(0, 1))
  await round
  t.same(readdirSync(dir), ['a.sqlog'])
  t.same(counted, {})
  await tailer.sweep()
  clock.ms += 60_000
  await retention.round()
  t.same(readdirSync(dir), ['a.sqlog.gz'])
  t.same([seen.read, counted], [3_000_040, { compressed: 1 }])
})

t.test('a file that cannot be taken away stays alone', async (t) => {
  const { dir, tailer, retention, wait, finish, counted } = retaining(t, GZIP)
  append(dir, 'a.sqlog', numbered(0, 10))
  await tailer.sweep()
  finish()
  wait()
  tailer.finished.unlink = () => {
    t.ok(existsSync(join(dir, 'a.sqlog.gz')))
    throw new Error('not now')
  }
  await retention.round()
  t.same(readdirSync(dir), ['a.sqlog'])
  t.same(counted, { failed: 1 })
})

t.test('when it is stopped half way, the file is there and the half is not', async (t) => {
  const { dir, tailer, retention, wait, finish, counted, told } = retaining(t, GZIP)
  const path = join(dir, 'a.sqlog')
  writeFileSync(path, noise(20_000_000))
  await tailer.sweep()
  finish()
  wait()
  const round = retention.round()
  while (!existsSync(`${path}.gz.part`)) await setImmediate()
  retention.halt()
  await round
  t.same(readdirSync(dir), ['a.sqlog'])
  t.same([counted, told.filter((line) => line.includes('stays'))], [{}, []])
})

t.test('a full disk costs nothing but the compression', { skip: noSmallDisk }, async (t) => {
  const disk = smallDisk(t, '2m')
  const options = { roots: [disk.dir] }
  const { tailer, retention, wait, finish, counted, told, clock } = retaining(t, GZIP, options)
  t.teardown(() => tailer.stop())
  for (const name of ['a', 'b', 'c']) writeFileSync(join(disk.dir, `${name}.sqlog`), noise(200_000))
  await tailer.sweep()
  finish()
  wait()
  disk.fill()
  await retention.round()
  t.same(readdirSync(disk.dir).sort(), ['a.sqlog', 'b.sqlog', 'ballast', 'c.sqlog'])
  t.same(counted, { failed: 3 })
  t.equal(told.filter((line) => line.includes('ENOSPC')).length, 1)
  disk.empty()
  clock.ms += 60_000
  await retention.round()
  t.same(readdirSync(disk.dir).sort(), ['a.sqlog.gz', 'b.sqlog.gz', 'c.sqlog.gz'])
  t.same(counted, { failed: 3, compressed: 3 })
})

t.test('the event loop goes on meanwhile', async (t) => {
  const { dir, tailer, retention, wait, finish } = retaining(t, GZIP)
  writeFileSync(join(dir, 'a.sqlog'), noise(20_000_000))
  await tailer.sweep()
  finish()
  wait()
  let [last, longest, turns] = [performance.now(), 0, 0]
  const watch = setInterval(() => {
    longest = Math.max(longest, performance.now() - last)
    last = performance.now()
    turns++
  }, 1)
  await retention.round()
  clearInterval(watch)
  t.comment(`longest turn ${longest.toFixed(1)} ms of ${turns}`)
  t.same(readdirSync(dir), ['a.sqlog.gz'])
  // Compressed at once it would be a single turn.
  t.ok(turns > 20)
})
