/**
 * Commits in a loop until it is killed, and says before and after each commit which one it is:
 * `loaded n`, `handed-in n`, `written n`. What the rows are after commit n follows from n.
 */
import { writeSync } from 'node:fs'
import { loadState } from '../../exporter/state/load-state.ts'
import { type Fsync, StateFile } from '../../exporter/state/state-file.ts'
import { lockState } from '../../exporter/state/state-lock.ts'
import { commitOf, putAll } from './state-commits.ts'
import { restore, ToyState } from './state-toy.ts'

const [dir = '', fsync = 'async'] = process.argv.slice(2)

function fail(error: Error): never {
  writeSync(1, `failed ${error.stack}\n`)
  process.exit(1)
}

process.on('unhandledRejection', fail)
if ((await lockState(dir)).type !== 'locked') fail(new Error('the lock is taken'))
const loaded = loadState(dir)
if (loaded.type === 'unusable') fail(new Error(loaded.why))
const toy = new ToyState(loaded.type === 'state' ? restore(loaded.batches) : undefined)
const file = new StateFile(dir, fsync as Fsync, fail)
let commit = commitOf(toy.rows)
writeSync(1, `loaded ${commit}\n`)

const image: { stage: 'none' | 'in parts' | 'whole' } = { stage: 'none' }
async function rewrite(): Promise<void> {
  image.stage = 'in parts'
  await file.rewrite(toy.parts(3))
  image.stage = 'whole'
}

await rewrite()
for (;;) {
  if (image.stage === 'none' && (file.wantsImage || commit % 5 === 0)) void rewrite()
  const finishes = image.stage === 'whole'
  commit++
  putAll(commit, (row, value) => toy.put(row, value))
  writeSync(1, `handed-in ${commit}\n`)
  if (commit % 3 === 0) await file.slice(toy.batch(2))
  await file.commit(toy.batch())
  writeSync(1, `written ${commit}\n`)
  if (finishes) image.stage = 'none'
}
