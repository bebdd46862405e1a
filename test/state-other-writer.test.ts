/** Two writers on one directory that the lock does not see: one stops, and the file stays whole. */
import { spawnSync } from 'node:child_process'
import {
  appendFileSync,
  copyFileSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { loadState } from '../exporter/state/load-state.ts'
import { AnotherWriterError, StateFile } from '../exporter/state/state-file.ts'
import { lockState } from '../exporter/state/state-lock.ts'

const INTRUDER = new URL('support/state-intruder.ts', import.meta.url).pathname

const base = t.testdir()

/** Stays until all tests are over: a file is closed, and flushed, after its test. */
function freshDir(): string {
  return mkdtempSync(join(base, 'dir-'))
}

function bytes(text: string): Uint8Array {
  return Buffer.from(text)
}

function textsIn(dir: string): string[] {
  const loaded = loadState(dir)
  return loaded.type === 'state'
    ? loaded.batches.map((batch) => Buffer.from(batch).toString())
    : [loaded.type]
}

function open(t: Test, dir: string): StateFile {
  const file = new StateFile(dir, 'async', (error) => t.fail(error.message))
  t.teardown(() => file.close())
  return file
}

/** A writer that has a state of one image and one commit. */
async function writer(t: Test, dir: string, name: string): Promise<StateFile> {
  const file = open(t, dir)
  await file.rewrite([bytes(`image of ${name}`)].values())
  await file.commit(bytes(name))
  return file
}

async function isOver(t: Test, file: StateFile): Promise<void> {
  await t.rejects(file.commit(bytes('later')), AnotherWriterError)
  await t.rejects(file.rewrite([].values()), AnotherWriterError)
  t.equal(file.wantsImage, false)
}

t.test('the file was replaced: the commit is not written, nor any later one', async (t) => {
  const dir = freshDir()
  const first = await writer(t, dir, 'first')
  const second = await writer(t, dir, 'other')
  await t.rejects(first.commit(bytes('more')), /another process has written .*state/)
  await isOver(t, first)
  await second.commit(bytes('goes on'))
  t.same(textsIn(dir), ['image of other', 'other', 'goes on'])
})

t.test('the file grew: a rewrite under way is given up', async (t) => {
  const dir = freshDir()
  const file = await writer(t, dir, 'first')
  function* image() {
    for (;;) yield bytes('part')
  }
  const rewrite = t.rejects(file.rewrite(image()), AnotherWriterError)
  appendFileSync(join(dir, 'state'), 'x')
  const before = readFileSync(join(dir, 'state'))
  await t.rejects(file.commit(bytes('more')), AnotherWriterError)
  await rewrite
  await isOver(t, file)
  t.same(readFileSync(join(dir, 'state')), before)
})

t.test('the other one wrote between our start and our first rename', async (t) => {
  const dir = freshDir()
  const first = await writer(t, dir, 'first')
  const second = open(t, dir)
  await first.commit(bytes('more'))
  await second.rewrite([].values())
  await t.rejects(second.commit(bytes('second')), AnotherWriterError)
  await isOver(t, second)
  await first.commit(bytes('still here'))
  t.same(textsIn(dir), ['image of first', 'first', 'more', 'still here'])
})

t.test('a file came up where there was none', async (t) => {
  const dir = freshDir()
  const [first, second] = [open(t, dir), open(t, dir)]
  await first.rewrite([].values())
  await first.commit(bytes('first'))
  await second.rewrite([].values())
  await t.rejects(second.commit(bytes('second')), AnotherWriterError)
  t.same(textsIn(dir), ['first'])
})

t.test('the other one took the name of our new file', async (t) => {
  const dir = freshDir()
  const file = await writer(t, dir, 'first')
  await file.rewrite([bytes('new image')].values())
  rmSync(join(dir, 'state.tmp'))
  writeFileSync(join(dir, 'state.tmp'), 'half of something')
  await t.rejects(file.commit(bytes('more')), AnotherWriterError)
  t.same(textsIn(dir), ['image of first', 'first'])
})

t.test('a file that was deleted or moved away comes back with the next rewrite', async (t) => {
  const dir = freshDir()
  const file = await writer(t, dir, 'first')
  renameSync(join(dir, 'state'), join(dir, 'elsewhere'))
  await t.rejects(file.commit(bytes('lost')), /is gone/)
  t.equal(file.wantsImage, true)
  await t.rejects(file.commit(bytes('lost too')), /takes a rewrite/)
  await file.rewrite([bytes('again')].values())
  await file.commit(bytes('healed'))
  t.same(textsIn(dir), ['again', 'healed'])
  copyFileSync(join(dir, 'elsewhere'), join(dir, 'state'))
  await t.rejects(file.commit(bytes('over a backup')), AnotherWriterError)
})

const noNamespace =
  process.platform === 'linux' && spawnSync('unshare', ['-n', 'true']).status === 0
    ? false
    : 'NOT TESTED: a network namespace of its own takes Linux and root'

t.test(
  'in another network namespace the lock is free, the file is not',
  { skip: noNamespace },
  async (t) => {
    const dir = freshDir()
    const lock = await lockState(dir)
    t.equal(lock.type, 'locked')
    const file = await writer(t, dir, 'first')
    const run = (...command: string[]) =>
      spawnSync(command[0] ?? '', [...command.slice(1), process.execPath, INTRUDER, dir], {
        encoding: 'utf8',
      }).stdout
    t.equal(run('env'), 'taken')
    t.equal(run('unshare', '-n'), 'locked and written')
    await t.rejects(file.commit(bytes('more')), AnotherWriterError)
    t.same(textsIn(dir), ['the intruder'])
    if (lock.type === 'locked') await lock.release()
  },
)
