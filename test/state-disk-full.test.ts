/** F-41: no space on the disk of the state. The last whole state stays, and space heals it. */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { loadState } from '../exporter/state/load-state.ts'
import { StateFile } from '../exporter/state/state-file.ts'
import { noSmallDisk, type SmallDisk, smallDisk } from './support/small-disk.ts'

const KIB = 1024

interface Scene {
  readonly disk: SmallDisk
  readonly file: StateFile
  /** What no promise told. */
  readonly failures: NodeJS.ErrnoException[]
  readonly path: string
}

/** A disk of 64 KiB and on it a state: an image of so many KiB, and `first`. */
async function scene(t: Test, imageKib: number): Promise<Scene> {
  const disk = smallDisk(t, '64k')
  const failures: Error[] = []
  const file = new StateFile(disk.dir, 'async', (error) => failures.push(error))
  // Before the disk is taken away: the last teardown runs first.
  t.teardown(() => file.close())
  await file.rewrite(kib(imageKib))
  await file.commit(Buffer.from('first'))
  return { disk, file, failures, path: join(disk.dir, 'state') }
}

/** Parts of 1 KiB each. */
function* kib(count: number): Generator<Uint8Array> {
  for (let part = 0; part < count; part++) yield Buffer.alloc(KIB, 'x')
}

/** The commits that can be read, without the filling; also says if the file is damaged. */
function commits(dir: string): string[] {
  const loaded = loadState(dir)
  if (loaded.type !== 'state') return [loaded.type]
  const texts = loaded.batches.map((batch) => Buffer.from(batch).toString())
  const damage = loaded.damage === undefined ? [] : [loaded.damage]
  return [...texts.map((text) => text.replace(/x+/, '')).filter((text) => text !== ''), ...damage]
}

const full = { code: 'ENOSPC' }

t.test(
  'an append that does not fit leaves no trace; then it takes a rewrite',
  { skip: noSmallDisk },
  async (t) => {
    const { disk, file, path } = await scene(t, 8)
    disk.fill()
    const before = readFileSync(path)
    await t.rejects(file.commit(Buffer.alloc(20 * KIB, 'x')), full)
    t.same(readFileSync(path), before, 'cut back to the last whole commit')
    t.equal(file.wantsImage, true)
    await t.rejects(
      file.commit(Buffer.from('fits, but one is missing before it')),
      /takes a rewrite/,
    )
    await t.rejects(file.rewrite(kib(8)), full)
    t.equal(existsSync(`${path}.tmp`), false)
    t.same(readFileSync(path), before, 'not touched')
    t.equal(file.wantsImage, true)
    disk.empty()
    await t.rejects(file.commit(Buffer.from('space alone does not heal')), /takes a rewrite/)
    await file.rewrite(kib(8))
    await file.commit(Buffer.from('healed'))
    await file.commit(Buffer.from('goes on'))
    t.same(commits(disk.dir), ['healed', 'goes on'])
    t.equal(file.wantsImage, false)
  },
)

t.test(
  'an image that does not fit: commits go on in the old file',
  { skip: noSmallDisk },
  async (t) => {
    const { disk, file, failures, path } = await scene(t, 30)
    await t.rejects(file.rewrite(kib(40)), full)
    t.equal(existsSync(`${path}.tmp`), false)
    t.equal(file.wantsImage, false, 'the old file is complete')
    await file.commit(Buffer.from('second'))
    t.same(commits(disk.dir), ['first', 'second'])
    t.same(failures, [])
  },
)

t.test(
  'an image that did not fit is not tried again before the log has doubled',
  { skip: noSmallDisk },
  async (t) => {
    const disk = smallDisk(t, '24m')
    const file = new StateFile(disk.dir, 'async', (error) => t.fail(error.message))
    t.teardown(() => file.close())
    await file.rewrite([].values())
    const grow = async (mib: number) => file.commit(Buffer.alloc(mib * KIB * KIB))
    await grow(0)
    await grow(5)
    t.equal(file.wantsImage, true)
    await t.rejects(file.rewrite([Buffer.alloc(20 * KIB * KIB)].values()), full)
    t.equal(file.wantsImage, false)
    await grow(4)
    t.equal(file.wantsImage, false)
    await grow(2)
    t.equal(file.wantsImage, true)
  },
)

t.test(
  'a commit finds the disk full by a rewrite: the rewrite gives way',
  { skip: noSmallDisk },
  async (t) => {
    const { disk, file, failures, path } = await scene(t, 8)
    let commit: Promise<void> | undefined
    function* image() {
      // 12 of 64 KiB are taken; when 40 more are, 20 do not fit.
      yield* kib(40)
      commit = file.commit(Buffer.from(`second${'x'.repeat(20 * KIB)}`))
      yield* kib(1)
    }
    await t.rejects(file.rewrite(image()), full)
    await commit
    t.equal(existsSync(`${path}.tmp`), false)
    t.same(commits(disk.dir), ['first', 'second'])
    await file.commit(Buffer.from('third'))
    t.same(commits(disk.dir), ['first', 'second', 'third'])
    t.same(failures, [])
  },
)

t.test(
  'the commit that finishes an image does not fit beside the old file',
  { skip: noSmallDisk },
  async (t) => {
    const { disk, file, failures, path } = await scene(t, 8)
    await file.rewrite(kib(40))
    const { ino } = statSync(path)
    await file.commit(Buffer.from(`second${'x'.repeat(20 * KIB)}`))
    t.equal(statSync(path).ino, ino, 'it went to the old file')
    t.match(failures, [full])
    t.equal(failures.length, 1)
    t.same(commits(disk.dir), ['first', 'second'])
  },
)

t.test(
  'a new process on a full disk keeps what the old one left',
  { skip: noSmallDisk },
  async (t) => {
    const { disk, file, path } = await scene(t, 8)
    await file.close()
    disk.fill()
    const before = readFileSync(path)
    const next = new StateFile(disk.dir, 'always', (error) => t.fail(error.message))
    t.teardown(() => next.close())
    for (let round = 0; round < 3; round++) {
      await t.rejects(next.rewrite(kib(8)), full)
      await t.rejects(next.commit(Buffer.from('not yet')), /takes a rewrite/)
      t.equal(next.wantsImage, true)
    }
    t.same(readFileSync(path), before)
    disk.empty()
    await next.rewrite(kib(8))
    await next.commit(Buffer.from('healed'))
    t.same(commits(disk.dir), ['healed'])
  },
)
