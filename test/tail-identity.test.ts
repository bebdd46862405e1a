import { rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { BirthRecords, hashBytes } from '../exporter/tail/identity.ts'
import { TailShared } from '../exporter/tail/tailer.ts'
import { append, harness, numbered, numbersOf, upTo } from './support/tail-harness.ts'

/** Creates `name` on the inode `ino`, just freed; false where the file system does not reuse it. */
function createOnInode(dir: string, name: string, ino: number, text: string): boolean {
  for (let i = 0; i < 100; i++) {
    append(dir, `try-${i}`, '')
    if (statSync(join(dir, `try-${i}`)).ino !== ino) continue
    rmSync(join(dir, `try-${i}`))
    append(dir, name, text)
    return statSync(join(dir, name)).ino === ino
  }
  return false
}

for (const content of ['other', 'the same'] as const) {
  t.test(`a new file with ${content} contents on the inode of a deleted one`, async (t) => {
    const { dir, tailer, sinks, seen, settle } = harness(t, { shared: new TailShared(1) })
    append(dir, 'a.sqlog', numbered(0, 5))
    await tailer.sweep()
    append(dir, 'b.sqlog', numbered(50, 1))
    await tailer.sweep()
    const { ino } = statSync(join(dir, 'a.sqlog'))
    rmSync(join(dir, 'a.sqlog'))
    const text = content === 'other' ? numbered(5, 20) : numbered(0, 5)
    if (!createOnInode(dir, 'c.sqlog', ino, text)) return t.pass('the inode is not used again')
    await settle()
    const c = sinks.find(({ path }) => path.endsWith('c.sqlog'))
    t.same(c?.lines.join('\n'), text.trimEnd())
    t.same(seen.resets, ['replaced'])
    t.ok(sinks[0]?.isClosed)
    t.same(seen.lost, {})
  })
}

t.test('files that begin alike are different files', async (t) => {
  const { dir, tailer, sinks } = harness(t)
  const same = numbered(0, 200)
  append(dir, 'a.sqlog', same)
  append(dir, 'b.sqlog', same)
  await tailer.sweep()
  append(dir, 'a.sqlog', numbered(200, 1))
  append(dir, 'b.sqlog', numbered(300, 1))
  await tailer.sweep()
  t.same(
    sinks.map(({ lines }) => lines.length),
    [201, 201],
  )
  t.same(sinks.map(({ lines }) => Number.parseInt(lines.at(-1) ?? '', 10)).toSorted(), [200, 300])
})

t.test('a parked file that was written anew is noticed when it is opened again', async (t) => {
  const { dir, tailer, lines, seen } = harness(t, { shared: new TailShared(1) })
  append(dir, 'a.sqlog', numbered(0, 5))
  await tailer.sweep()
  append(dir, 'b.sqlog', numbered(5, 5))
  await tailer.sweep()
  truncateSync(join(dir, 'a.sqlog'), 0)
  append(dir, 'a.sqlog', numbered(10, 10))
  await tailer.sweep()
  t.same(numbersOf(lines()), upTo(20))
  t.same(seen.resets, ['marker'])
})

t.test('the same tail under another head is another file', async (t) => {
  const { dir, tailer, lines, seen } = harness(t, { shared: new TailShared(1) })
  const tail = numbered(7, 1).repeat(5)
  append(dir, 'a.sqlog', numbered(0, 60) + tail)
  await tailer.sweep()
  append(dir, 'b.sqlog', numbered(0, 1))
  await tailer.sweep()
  const before = lines().length
  writeFileSync(join(dir, 'a.sqlog'), numbered(100, 60) + tail + numbered(8, 1))
  await tailer.sweep()
  t.equal(lines().length, before + 66)
  t.same(seen.resets, ['marker'])
})

t.test('a change of times alone is no change', async (t) => {
  const { dir, tailer, lines, seen } = harness(t)
  append(dir, 'a.sqlog', numbered(0, 5))
  await tailer.sweep()
  append(dir, 'a.sqlog', 'x')
  truncateSync(join(dir, 'a.sqlog'), 200)
  await tailer.sweep()
  t.equal(lines().length, 5)
  t.same(seen.resets, [])
})

t.test('times of birth are believed where the file system has them', (t) => {
  const births = new BirthRecords()
  const known = { birthtimeNs: 10n }
  t.ok(births.mayBeSame(known, false, { dev: 1n, birthtimeNs: 10n, ctimeNs: 99n }))
  // Nothing proves yet that this is more than the time of the last change.
  t.ok(births.mayBeSame(known, true, { dev: 1n, birthtimeNs: 20n, ctimeNs: 20n }))
  t.notOk(births.mayBeSame(known, false, { dev: 1n, birthtimeNs: 20n, ctimeNs: 20n }))
  births.learn({ dev: 2n, birthtimeNs: 5n, ctimeNs: 6n })
  births.learn({ dev: 1n, birthtimeNs: 6n, ctimeNs: 6n })
  t.ok(births.mayBeSame(known, true, { dev: 1n, birthtimeNs: 20n, ctimeNs: 20n }))
  births.learn({ dev: 1n, birthtimeNs: 5n, ctimeNs: 6n })
  t.notOk(births.mayBeSame(known, true, { dev: 1n, birthtimeNs: 20n, ctimeNs: 20n }))
  t.end()
})

t.test('the hash tells neighbouring contents apart', (t) => {
  const seen = new Set<number>()
  const bytes = Buffer.alloc(64)
  for (let i = 0; i < 64; i++) {
    for (let bit = 0; bit < 8; bit++) {
      bytes[i] = 1 << bit
      seen.add(hashBytes(bytes, 0, 64))
      bytes[i] = 0
    }
    seen.add(hashBytes(bytes, 0, i))
  }
  t.equal(seen.size, 64 * 8 + 64)
  t.ok([...seen].every(Number.isSafeInteger))
  t.end()
})
