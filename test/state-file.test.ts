/** The state file in its plain uses; whatever else happens is in the other state tests. */
import { chmodSync, chownSync, existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { unwritten } from '../exporter/state/append-file.ts'
import { coalesced } from '../exporter/state/coalesced.ts'
import { MAX_PAYLOAD_BYTES } from '../exporter/state/frame.ts'
import { loadState } from '../exporter/state/load-state.ts'
import { type Fsync, StateFile } from '../exporter/state/state-file.ts'
import { until } from './support/until.ts'

/** A user that permissions apply to. */
const NOBODY = 65_534

const MIB = 1024 * 1024
const FSYNCS: readonly Fsync[] = ['always', 'async', 'never']

const noFailures = (error: Error) => {
  throw error
}

function open(dir: string, fsync: Fsync = 'async'): StateFile {
  return new StateFile(dir, fsync, noFailures)
}

function bytes(text: string): Uint8Array {
  return Buffer.from(text)
}

function parts(...texts: string[]): Iterator<Uint8Array> {
  return texts.map(bytes).values()
}

function textsIn(dir: string): string[] {
  const loaded = loadState(dir)
  if (loaded.type !== 'state' || loaded.damage !== undefined) return [loaded.type]
  return loaded.batches.map((batch) => Buffer.from(batch).toString())
}

/** Works in a directory that can be written but not opened: its names cannot be flushed. */
async function withoutReading(dir: string, work: () => Promise<void>): Promise<void> {
  const isRoot = process.getuid?.() === 0
  if (isRoot) chownSync(dir, NOBODY, NOBODY)
  chmodSync(dir, 0o300)
  try {
    if (isRoot) process.seteuid?.(NOBODY)
    await work()
  } finally {
    if (isRoot) process.seteuid?.(0)
  }
}

t.test('an image, commits, and the next process', async (t) => {
  const dir = join(t.testdir(), 'made', 'by-it')
  const first = open(dir)
  t.equal(statSync(dir).mode & 0o777, 0o700)
  t.equal(first.wantsImage, true)
  await t.rejects(first.commit(bytes('too early')), /takes a rewrite/)
  t.same(textsIn(dir), ['none'])
  await first.rewrite(parts('a', 'b'))
  t.equal(first.wantsImage, false, 'under way')
  t.same(textsIn(dir), ['none'], 'nothing counts before the commit')
  await first.commit(bytes('c'))
  t.same(textsIn(dir), ['a', 'b', 'c'])
  t.equal(statSync(join(dir, 'state')).mode & 0o777, 0o600)
  await Promise.all(['d', 'e', 'f'].map((text) => first.commit(bytes(text))))
  t.same(textsIn(dir), ['a', 'b', 'c', 'd', 'e', 'f'])
  t.equal(first.wantsImage, false)
  await first.close()
  await first.close()
  await t.rejects(first.commit(bytes('g')), /closed/)
  await t.rejects(first.rewrite(parts()), /closed/)

  const second = open(dir)
  t.equal(second.wantsImage, true)
  await t.rejects(second.commit(bytes('not after another process')), /takes a rewrite/)
  await second.rewrite(parts())
  t.same(textsIn(dir), ['a', 'b', 'c', 'd', 'e', 'f'], 'the old state stands until the rename')
  await second.commit(bytes('all'))
  t.same(textsIn(dir), ['all'])
  await second.close()
})

t.test('a commit stands in the new file where it was handed in', async (t) => {
  const dir = t.testdir()
  const file = open(dir)
  await file.rewrite(parts('image'))
  await file.commit(bytes('0'))
  const commits: Promise<void>[] = []
  function* image() {
    yield bytes('a')
    commits.push(file.commit(bytes('1')))
    yield bytes('b')
    commits.push(file.commit(bytes('2')))
  }
  await file.rewrite(image())
  await Promise.all(commits)
  t.same(textsIn(dir), ['image', '0', '1', '2'], 'the old file goes on meanwhile')
  await file.commit(bytes('3'))
  t.same(textsIn(dir), ['a', 'b', '1', '2', '3'])
  await file.close()
})

t.test('a commit that is handed in before the first part is taken stands before it', async (t) => {
  const dir = t.testdir()
  const file = open(dir)
  await file.rewrite(parts('image'))
  await file.commit(bytes('0'))
  const rewrite = file.rewrite(parts('a', 'b'))
  await Promise.all([file.commit(bytes('1')), rewrite])
  await file.commit(bytes('2'))
  t.same(textsIn(dir), ['1', 'a', 'b', '2'])
  await file.close()
})

t.test('slices count together with the commit after them, in both files', async (t) => {
  const dir = t.testdir()
  const file = open(dir)
  await t.rejects(file.slice(bytes('too early')), /takes a rewrite/)
  await file.rewrite(parts('image'))
  await file.slice(bytes('first'))
  await file.commit(bytes('0'))
  t.same(textsIn(dir), ['image', 'first', '0'])
  await file.slice(bytes('slice'))
  t.match(loadState(dir), { type: 'state', batches: [{}, {}, {}], damage: 'no commit follows' })
  await file.commit(bytes('1'))
  t.same(textsIn(dir), ['image', 'first', '0', 'slice', '1'])
  await file.rewrite(parts('new image'))
  await file.slice(bytes('another'))
  await file.commit(bytes('2'))
  t.same(textsIn(dir), ['new image', 'another', '2'])
  await file.close()
})

t.test('commits that are handed in at once all follow the new image', async (t) => {
  const dir = t.testdir()
  const file = open(dir)
  await file.rewrite(parts('image'))
  const commits = ['1', '2', '3'].map((text) => file.commit(bytes(text)))
  await file.close()
  await Promise.all(commits)
  t.same(textsIn(dir), ['image', '1', '2', '3'], 'close waits for them')
})

t.test('a batch that is too large for a frame is refused before it is written', async (t) => {
  const dir = t.testdir()
  const file = open(dir)
  await file.rewrite(parts())
  await file.commit(bytes('1'))
  // Never touched, so it takes no memory.
  await t.rejects(file.commit(Buffer.alloc(MAX_PAYLOAD_BYTES + 1)), RangeError)
  t.same(textsIn(dir), ['1'])
  t.equal(file.wantsImage, true)
  await file.close()
})

t.test('one rewrite at a time; close gives it up', async (t) => {
  const dir = t.testdir()
  const file = open(dir)
  await file.rewrite(parts('old'))
  await file.commit(bytes('1'))
  let taken = 0
  function* endless() {
    for (;;) yield bytes(`part ${taken++}`)
  }
  const rewrite = t.rejects(file.rewrite(endless()), /closed/)
  await t.rejects(file.rewrite(parts()), /under way/)
  await file.commit(bytes('2'))
  await file.close()
  await rewrite
  t.equal(existsSync(join(dir, 'state.tmp')), false)
  t.same(textsIn(dir), ['old', '1', '2'])
})

t.test('an image that cannot be made leaves the old file', async (t) => {
  const dir = t.testdir()
  const file = open(dir)
  await file.rewrite(parts('old'))
  await file.commit(bytes('1'))
  function* broken() {
    yield bytes('a part')
    throw new RangeError('no more')
  }
  await t.rejects(file.rewrite(broken()), RangeError)
  t.equal(existsSync(join(dir, 'state.tmp')), false)
  await file.commit(bytes('2'))
  t.same(textsIn(dir), ['old', '1', '2'])
  await file.close()
})

t.test('a left-over of a rewrite is removed at the start', (t) => {
  const dir = t.testdir({ 'state.tmp': 'half' })
  open(dir)
  t.equal(existsSync(join(dir, 'state.tmp')), false)
  t.end()
})

t.test('an image is wanted when the log is longer than 4 MiB and than two images', async (t) => {
  const file = open(t.testdir())
  const image = async (size: number) => {
    await file.rewrite([Buffer.alloc(size)].values())
    await file.commit(bytes('whole'))
  }
  await image(100)
  await file.commit(Buffer.alloc(4 * MIB - 100))
  t.equal(file.wantsImage, false)
  await file.commit(Buffer.alloc(100))
  t.equal(file.wantsImage, true)
  await image(3 * MIB)
  await file.commit(Buffer.alloc(6 * MIB - 100))
  t.equal(file.wantsImage, false)
  await file.commit(Buffer.alloc(200))
  t.equal(file.wantsImage, true)
  await file.close()
})

for (const fsync of FSYNCS) {
  t.test(`fsync ${fsync}: written, flushed when asked, and again after a rewrite`, async (t) => {
    const dir = t.testdir()
    const file = open(dir, fsync)
    await file.synced()
    for (const round of ['first', 'second']) {
      await file.rewrite(parts(round))
      await file.commit(bytes('1'))
      const synced = [file.synced(), file.synced()]
      const more = ['2', '3'].map((text) => file.commit(bytes(text)))
      await Promise.all([...synced, ...more, file.synced()])
      t.same(textsIn(dir), [round, '1', '2', '3'])
    }
    await file.close()
  })
}

for (const fsync of ['always', 'async'] as const) {
  t.test(`fsync ${fsync}: a flush that fails is told`, async (t) => {
    const dir = t.testdir()
    await withoutReading(dir, async () => {
      const failures: NodeJS.ErrnoException[] = []
      const file = new StateFile(dir, fsync, (error) => failures.push(error))
      await file.rewrite(parts('image'))
      const commit = file.commit(bytes('1'))
      if (fsync === 'always') await t.rejects(commit, { code: 'EACCES' })
      else await commit
      t.equal(file.wantsImage, fsync === 'always')
      await t.rejects(file.synced(), { code: 'EACCES' })
      if (fsync === 'async') t.match(failures, [{ code: 'EACCES' }])
      t.same(textsIn(dir), ['image', '1'], 'a process that starts now finds it')
      chmodSync(dir, 0o700)
      await file.synced()
      await file.close()
    })
  })
}

t.test(
  'work that many ask for is done once for all, and once more for the later ones',
  async (t) => {
    const ends: (() => void)[] = []
    const work = coalesced(() => new Promise<void>((resolve) => ends.push(resolve)))
    const first = work()
    const [second, third] = [work(), work()]
    t.equal(ends.length, 1, 'one is under way')
    ends[0]?.()
    await Promise.all([first, until('the next run', () => ends.length === 2, { withinMs: 1000 })])
    const fourth = work()
    ends[1]?.()
    await Promise.all([second, third])
    await until('the run of the fourth', () => ends.length === 3, { withinMs: 1000 })
    ends[2]?.()
    await fourth
    t.equal(ends.length, 3)
    const last = work()
    t.equal(ends.length, 4, 'at once when none is under way')
    ends[3]?.()
    await last
  },
)

t.test('what is left after a short write', (t) => {
  const buffers = fc.array(fc.uint8Array({ maxLength: 6 }), { maxLength: 5 })
  const property = fc.property(buffers, fc.nat({ max: 30 }), (all, written) => {
    const rest = unwritten(all, written)
    const expected = Buffer.concat(all).subarray(written)
    return Buffer.concat(rest).equals(expected) && rest.every((buffer) => buffer.length > 0)
  })
  fc.assert(property, { numRuns: 1000 })
  t.pass()
  t.end()
})
