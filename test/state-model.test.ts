/** Whatever is done to a state file in whatever order: the last commit is what a start finds. */
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { noSmallDisk, type SmallDisk, smallDisk } from './support/small-disk.ts'
import { StateModel, someActions } from './support/state-model.ts'

interface Seen {
  full: number
  written: number
  rewritten: number
}

/** Plays random actions, each sequence in a directory of its own, and adds up what happened. */
async function play(base: string, disk?: SmallDisk): Promise<Seen> {
  const sum = { full: 0, written: 0, rewritten: 0 }
  const property = fc.asyncProperty(someActions, async (actions) => {
    const dir = mkdtempSync(join(base, 'run-'))
    const model = new StateModel(dir, disk)
    for (const action of actions) await model.run(action)
    await model.end()
    for (const key of ['full', 'written', 'rewritten'] as const) sum[key] += model.seen[key]
    rmSync(dir, { recursive: true })
  })
  await fc.assert(property, { numRuns: 200 })
  return sum
}

t.test('a start finds the last commit, or one handed in since', async (t) => {
  const { full, written, rewritten } = await play(t.testdir())
  t.equal(full, 0)
  t.ok(written > 300, `${written} commits were written`)
  t.ok(rewritten > 150, `${rewritten} rewrites got their last part`)
})

t.test('the same on a disk that is full now and then', { skip: noSmallDisk }, async (t) => {
  const disk = smallDisk(t, '128k')
  const { full, written, rewritten } = await play(disk.dir, disk)
  t.ok(full > 5, `${full} commits met a full disk`)
  t.ok(written > 300, `${written} commits were written`)
  t.ok(rewritten > 150, `${rewritten} rewrites got their last part`)
})
