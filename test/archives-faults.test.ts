/** Compressed files that are damaged, cut off, deleted or not readable: what is good counts, the rest is told of. */
import { chmodSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import zlib, { gzipSync, zstdCompressSync } from 'node:zlib'
import t from 'tap'
import { archiveScene, MOST_QUIET_MS, writeOld } from './support/archives.ts'
import { numbered, numbersOf, openBelow, upTo } from './support/tail-harness.ts'

const NOTHING_WRONG = { lost: {}, errors: [], resets: [], refused: [] }

/** Numbered lines, gzipped. */
function gzipped(from: number, count: number): Buffer {
  return gzipSync(numbered(from, count))
}

/** Node.js 22 takes the end of a file for the end of a zstd frame. */
function noticesTornZstd(): boolean {
  try {
    zlib.zstdDecompressSync(zstdCompressSync('x').subarray(0, -3))
    return false
  } catch {
    return true
  }
}

t.test('cut off for good: what is good counts, told once, ended when it goes', async (t) => {
  const noticed = noticesTornZstd() ? [gzipSync, zstdCompressSync] : [gzipSync]
  if (noticed.length === 1)
    t.comment('######## this Node.js does not notice that a .zst is cut off')
  for (const compress of noticed) {
    const { dir, look, lines, seen, sinks, archives } = archiveScene(t)
    const members = Buffer.concat([compress(numbered(0, 100)), compress(numbered(100, 100))])
    const name = compress === gzipSync ? 'a.gz' : 'a.zst'
    const path = writeOld(dir, name, members.subarray(0, -9))
    await look()
    const { length } = lines()
    t.ok(length >= 100)
    t.same(numbersOf(lines()), upTo(length))
    for (let n = 0; n < 5; n++) await look(60_000)
    t.same(seen, { ...NOTHING_WRONG, refused: [`early ${name}`] })
    t.ok(
      sinks[0]?.silentMs.some((ms) => ms > 60_000),
      'its connections fall silent',
    )
    const { lagBytes } = archives.status()
    rmSync(path)
    await look()
    await look()
    t.match(sinks, [{ isClosed: true }])
    t.same(seen.lost, lagBytes > 0 ? { deleted: lagBytes } : {})
    t.match(archives.status(), { lagBytes: 0, onDiskBytes: 0, filesParked: 0, filesComplete: 0 })
  }
})

t.test(
  'a fault inside: every line before it counts, the rest is lost, and never tried again',
  async (t) => {
    for (const compress of [gzipSync, zstdCompressSync]) {
      const { dir, look, lines, seen, sinks, archives } = archiveScene(t)
      // Members, as zstd gives nothing of a block that is not whole.
      const good = Buffer.concat([compress(numbered(0, 3000)), compress(numbered(3000, 10))])
      const bad = compress(numbered(3010, 3000))
      bad.fill(0xff, 20, 60)
      const name = compress === gzipSync ? 'a.gz' : 'a.zst'
      const content = Buffer.concat([good, bad, compress(numbered(6010, 10))])
      writeOld(dir, name, content)
      await look()
      const numbers = numbersOf(lines()).filter((n) => n < 3010)
      t.same(numbers, upTo(3010))
      t.match(sinks, [{ isClosed: true }])
      t.same(seen.refused, [`corrupt ${name}`])
      t.same(seen.errors, [])
      const { other = 0 } = seen.lost
      t.ok(other > 0 && other <= content.length - good.length, `${other} of ${content.length} lost`)
      t.equal(archives.status().lagBytes, 0)
      const before = lines().length
      for (let n = 0; n < 3; n++) await look(MOST_QUIET_MS)
      t.equal(lines().length, before)
      t.same(seen.refused, [`corrupt ${name}`])
      utimesSync(join(dir, name), 1, 1)
      await look(0)
      await look()
      t.equal(lines().length, before, 'nor counted again when it is touched')
      t.same(seen, { ...NOTHING_WRONG, lost: { other }, refused: [`corrupt ${name}`] })
    }
  },
)

t.test('a checksum that is wrong, and something behind the end', async (t) => {
  const wrong = gzipped(0, 1000)
  wrong[wrong.length - 6] = (wrong[wrong.length - 6] ?? 0) ^ 1
  const { dir, look, lines, seen } = archiveScene(t)
  writeOld(dir, 'a.gz', wrong)
  await look()
  t.same(numbersOf(lines()), upTo(1000))
  writeOld(dir, 'b.gz', Buffer.concat([gzipped(1000, 10), Buffer.from('something')]))
  writeOld(dir, 'c.gz', Buffer.concat([gzipped(1010, 10), Buffer.alloc(10_000)]))
  await look(0)
  await look()
  t.same(numbersOf(lines()), upTo(1020))
  t.same(seen.refused, ['corrupt a.gz', 'corrupt b.gz'], 'zeros are no fault')
})

t.test('empty, and no compressed file at all', async (t) => {
  const { dir, look, lines, seen, sinks, archives } = archiveScene(t)
  writeOld(dir, 'empty.gz', '')
  writeOld(dir, 'none.gz', numbered(0, 100))
  writeOld(dir, 'none.zst', numbered(0, 100))
  for (let n = 0; n < 3; n++) await look()
  t.same(lines(), [])
  t.equal(sinks.length, 0)
  t.same(seen.refused.toSorted(), ['corrupt none.gz', 'corrupt none.zst'])
  // What was found wrong is wrong from there on.
  t.match(seen.lost, { other: 2 * 4000 - 1 })
  t.equal(archives.status().lagBytes, 0)
  writeFileSync(join(dir, 'empty.gz'), gzipped(0, 10))
  await look()
  await look()
  t.same(numbersOf(lines()), upTo(10))
})

t.test('cut short after it was read: nothing counts again', async (t) => {
  const { dir, look, lines } = archiveScene(t)
  const path = writeOld(dir, 'a.gz', gzipped(0, 5000))
  await look()
  truncateSync(path, 5000)
  for (let n = 0; n < 3; n++) await look(MOST_QUIET_MS)
  t.same(numbersOf(lines()), upTo(5000))
})

t.test('deleted before it could be read: lost, by its size on the disk', async (t) => {
  const { dir, look, seen, archives } = archiveScene(t)
  await look()
  const content = gzipped(0, 100)
  const path = writeOld(dir, 'a.gz', content)
  await look(0)
  t.equal(archives.status().lagBytes, content.length)
  rmSync(path)
  for (let n = 0; n < 3; n++) await look()
  t.same(seen, { ...NOTHING_WRONG, lost: { deleted: content.length } })
  t.equal(archives.status().lagBytes, 0)
})

t.test('deleted while it is read: it is read to its end', async (t) => {
  const { dir, look, lines, seen, sinks, archives } = archiveScene(t)
  const path = writeOld(dir, 'a.gz', gzipped(0, 100_000))
  const looking = look()
  while (lines().length === 0) await new Promise(setImmediate)
  rmSync(path)
  t.ok(lines().length < 100_000, 'in the middle')
  t.equal(archives.status().filesOpen, 1)
  await looking
  for (let n = 0; n < 3; n++) await look()
  t.same(numbersOf(lines()), upTo(100_000))
  t.match(sinks, [{ isClosed: true }])
  t.same(seen, NOTHING_WRONG)
  t.same(openBelow(dir), [])
})

t.test('not readable: told, and read when it is', async (t) => {
  const { dir, look, lines, seen } = archiveScene(t)
  chmodSync(dir, 0o777)
  // Root may read everything.
  if (process.getuid?.() === 0) process.seteuid?.(65534)
  t.teardown(() => process.seteuid?.(process.getuid?.() ?? 0))
  const path = writeOld(dir, 'a.gz', gzipped(0, 10))
  chmodSync(path, 0o000)
  await look()
  await look(60_000)
  t.same(seen.errors, ['permission a.gz', 'permission a.gz'])
  chmodSync(path, 0o600)
  await look(60_000)
  await look(60_000)
  t.same(numbersOf(lines()), upTo(10))
  t.same(seen.lost, {})
})

t.test('zstd where this Node.js has none: told once, and the others are read', async (t) => {
  const { createZstdDecompress } = zlib
  const set = (value: unknown) => Object.defineProperty(zlib, 'createZstdDecompress', { value })
  set(undefined)
  t.teardown(() => set(createZstdDecompress))
  const { dir, look, lines, seen } = archiveScene(t)
  const content = zstdCompressSync(numbered(0, 10))
  writeOld(dir, 'a.zst', content)
  writeOld(dir, 'b.gz', gzipped(0, 10))
  for (let n = 0; n < 3; n++) await look()
  t.same(numbersOf(lines()), upTo(10))
  t.same(seen, {
    ...NOTHING_WRONG,
    lost: { other: content.length },
    refused: ['unsupported a.zst'],
  })
})
