/** Compressed files are read once, when they are finished: what can come between. */
import { appendFileSync, chmodSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import t from 'tap'
import { archiveScene, MOST_QUIET_MS, QUIET_MS, writeOld } from './support/archives.ts'
import { numbered, numbersOf, openBelow, temporaryDirectory, upTo } from './support/tail-harness.ts'

const NOTHING_WRONG = { lost: {}, errors: [], resets: [], refused: [] }

/** Numbered lines, gzipped. */
function gzipped(from: number, count: number): Buffer {
  return gzipSync(numbered(from, count))
}

for (const [name, compress] of [
  ['a.sqlog.gz', gzipSync],
  ['a.sqlog.zst', zstdCompressSync],
] as const) {
  t.test(`${name}: one member, several, and many larger than any buffer`, async (t) => {
    for (const counts of [[1], [10, 1, 20], [40_000, 1, 40_000, 7]]) {
      const { dir, look, lines, read, seen, sinks, archives } = archiveScene(t)
      let text = ''
      const members = counts.map((count, index) => {
        const from = counts.slice(0, index).reduce((a, b) => a + b, 0)
        text += numbered(from, count)
        return compress(numbered(from, count))
      })
      const content = Buffer.concat(members)
      await look()
      writeFileSync(join(dir, name), content)
      await look(0)
      t.equal(read(), 0, 'not before it is quiet')
      t.match(archives.status(), { lagBytes: content.length, filesParked: 1 })
      await look(QUIET_MS - 1)
      t.equal(read(), 0, 'nor a moment too early')
      await look(1)
      t.same(numbersOf(lines()), upTo(counts.reduce((a, b) => a + b)))
      t.equal(read(), text.length)
      t.match(sinks, [{ isClosed: true }])
      t.match(archives.status(), { lagBytes: 0, filesParked: 0, filesComplete: 1, lagSeconds: 0 })
      t.equal(archives.status().onDiskBytes, content.length)
      await look()
      t.equal(read(), text.length, 'once')
      t.same(seen, NOTHING_WRONG)
      t.same(openBelow(dir), [])
    }
  })
}

t.test('a last record without its end is a record', async (t) => {
  const { dir, look, lines } = archiveScene(t)
  writeOld(dir, 'a.gz', gzipSync('0\n1\n2'))
  await look()
  t.same(lines(), ['0', '1', '2'])
})

t.test('a record longer than many pieces, and a long run without any', async (t) => {
  const { dir, look, lines, read } = archiveScene(t)
  const long = Array.from({ length: 30_000 }, (_, n) => n.toString(36)).join('')
  const text = `0\n${long}\n${'x'.repeat(1)}\n${long.repeat(20)}\nend\n`
  writeOld(dir, 'a.gz', gzipSync(text))
  await look()
  t.same(lines(), ['0', long, 'x', 'end'])
  t.equal(read(), text.length, 'one that is too long is used too')
})

t.test('a file that grows is left alone until it has not grown for a while', async (t) => {
  const { dir, look, lines, seen } = archiveScene(t)
  const path = join(dir, 'a.gz')
  const whole = gzipped(0, 5000)
  await look()
  for (let at = 0; at < whole.length; at += 2000) {
    appendFileSync(path, whole.subarray(at, at + 2000))
    await look(QUIET_MS - 1)
    t.same(lines(), [])
  }
  await look()
  t.same(numbersOf(lines()), upTo(5000))
  t.same(seen, NOTHING_WRONG)
})

t.test(
  'a writer that makes a long pause: what is there counts, and goes on where it stood',
  async (t) => {
    const { dir, look, lines, read, seen, sinks, archives } = archiveScene(t)
    const path = join(dir, 'a.gz')
    const whole = gzipped(0, 50_000)
    const half = Math.floor(whole.length / 2)
    writeFileSync(path, whole.subarray(0, half))
    await look(0)
    await look()
    const first = lines().length
    t.ok(first > 10_000 && first < 40_000, `${first} lines`)
    t.match(sinks, [{ isClosed: false }])
    t.ok(archives.status().lagBytes < 40, 'the beginning of a line waits')
    await look()
    t.equal(lines().length, first, 'not read again as long as it does not grow')
    t.same(seen.refused, [], 'and nobody is called')
    appendFileSync(path, whole.subarray(half, -5))
    await look(0)
    await look()
    t.equal(lines().length, first, 'after a pause that was too long the next may be longer')
    await look()
    t.same(numbersOf(lines()), upTo(50_000))
    appendFileSync(path, whole.subarray(-5))
    await look(0)
    await look(MOST_QUIET_MS)
    t.same(numbersOf(lines()), upTo(50_000))
    t.equal(read(), numbered(0, 50_000).length)
    t.match(sinks, [{ isClosed: true }])
    t.equal(sinks.length, 1)
    t.same(seen, NOTHING_WRONG)
  },
)

t.test('renamed, touched, moved out and in again: never read twice', async (t) => {
  const { dir, look, lines, seen, archives } = archiveScene(t)
  const elsewhere = join(temporaryDirectory(t), 'a.gz')
  const path = writeOld(dir, 'a.gz', gzipped(0, 100))
  await look()
  const renamed = join(dir, 'a-2.gz')
  renameSync(path, renamed)
  await look()
  utimesSync(renamed, 1, 1)
  chmodSync(renamed, 0o600)
  await look(0)
  await look()
  renameSync(renamed, elsewhere)
  for (let n = 0; n < 3; n++) await look()
  t.equal(archives.status().filesComplete, 0)
  renameSync(elsewhere, path)
  await look()
  await look()
  t.same(numbersOf(lines()), upTo(100))
  t.same(seen, NOTHING_WRONG)
})

t.test('a member is added to a file that was read: it counts, and it alone', async (t) => {
  const { dir, look, lines, seen } = archiveScene(t)
  const path = writeOld(dir, 'a.gz', gzipped(0, 5000))
  await look()
  appendFileSync(path, gzipped(5000, 5000))
  await look(0)
  await look()
  t.same(numbersOf(lines()), upTo(10_000))
  t.same(seen, NOTHING_WRONG)
})

t.test('replaced in place, by something longer, shorter, or under the same name', async (t) => {
  const { dir, look, lines, seen } = archiveScene(t)
  const path = writeOld(dir, 'a.gz', gzipped(0, 100))
  await look()
  let next = 100
  for (const count of [2000, 10, 10]) {
    writeFileSync(path, gzipped(next, count))
    next += count
    await look(0)
    await look()
  }
  t.same(seen.resets, ['replaced', 'replaced', 'replaced'])
  rmSync(path)
  writeFileSync(path, gzipped(next, 50))
  await look(0)
  await look()
  t.same(numbersOf(lines()), upTo(next + 50))
  t.same(seen.refused, [])
})

t.test('start at the end: what was there is history, what comes later counts', async (t) => {
  const dir = temporaryDirectory(t)
  const old = writeOld(dir, 'old.gz', gzipped(0, 1000))
  const growing = writeOld(dir, 'growing.gz', gzipped(1000, 5000).subarray(0, 9000))
  const empty = writeOld(dir, 'empty.gz', '')
  const { look, lines, seen, archives } = archiveScene(t, { dir, startAt: 'end' })
  await look()
  t.same(lines(), [])
  t.match(archives.status(), { lagBytes: 0, filesComplete: 2 })
  writeFileSync(growing, gzipped(1000, 5000))
  writeFileSync(empty, gzipped(6000, 10))
  writeFileSync(join(dir, 'new.gz'), gzipped(6010, 10))
  utimesSync(old, 1, 1)
  await look(0)
  await look()
  const numbers = numbersOf(lines()).toSorted((a, b) => a - b)
  const [first = 0] = numbers
  t.ok(first > 1000 && first < 6000, `from ${first} on`)
  t.same(
    numbers,
    upTo(6020).filter((n) => n >= first),
  )
  t.same(seen, NOTHING_WRONG)
})

t.test('the name alone decides; a pattern that does not end so asks for none', async (t) => {
  const { dir, look, lines } = archiveScene(t, { include: ['*', 'b*.gz'] })
  writeOld(dir, 'a.gz', gzipped(0, 10))
  writeOld(dir, 'b.gz', gzipped(10, 10))
  writeOld(dir, 'c', numbered(20, 10))
  await look()
  t.same(
    numbersOf(lines()).toSorted((a, b) => a - b),
    upTo(30).slice(10),
  )
})

t.test('a file that is given as a path needs no pattern', async (t) => {
  const path = writeOld(temporaryDirectory(t), 'a.gz', gzipped(0, 10))
  const { look, lines, seen } = archiveScene(t, { dir: path, include: ['*.sqlog'] })
  await look()
  appendFileSync(path, gzipped(10, 10))
  await look(0)
  await look()
  t.same(numbersOf(lines()), upTo(20))
  t.same(seen, NOTHING_WRONG)
})

t.test('300 at once: one after the other, and others have their turn', async (t) => {
  const { dir, look, lines, seen, archives } = archiveScene(t)
  for (let n = 0; n < 300; n++) writeOld(dir, `${n}.gz`, gzipped(n * 1000, 1000))
  let turns = 0
  let mostOpen = 0
  let isOver = false
  const watch = () => {
    turns += 1
    mostOpen = Math.max(mostOpen, openBelow(dir).length)
    if (!isOver) setImmediate(watch)
  }
  watch()
  await look()
  isOver = true
  t.equal(mostOpen, 1)
  t.ok(turns > 300, `${turns} turns of the event loop`)
  t.same(
    numbersOf(lines()).toSorted((a, b) => a - b),
    upTo(300_000),
  )
  t.same(seen, NOTHING_WRONG)
  t.match(archives.status(), { filesComplete: 300, lagBytes: 0 })
})
