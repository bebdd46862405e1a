/** A real process that commits without pause is killed at any moment; no written commit is lost. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { loadState } from '../exporter/state/load-state.ts'
import { seeded } from './support/seeded.ts'
import { commitOf, rowsAfter } from './support/state-commits.ts'
import { restore, textOf } from './support/state-toy.ts'

const WRITER = new URL('support/state-writer.ts', import.meta.url).pathname
const KILLS = 45

interface Life {
  readonly loaded: number
  readonly handedIn: number
  readonly written: number
}

/** Lets the writer live until it has written some commits and some more time has passed. */
async function live(dir: string, fsync: string, commits: number, moreMs: number): Promise<Life> {
  const child = spawn(process.execPath, [WRITER, dir, fsync], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const closed = once(child, 'close')
  const last = { loaded: 0, 'handed-in': 0, written: 0 }
  let seen = 0
  for await (const line of createInterface(child.stdout)) {
    const [word, number] = line.split(' ')
    if (word !== 'loaded' && word !== 'handed-in' && word !== 'written') throw new Error(line)
    last[word] = Number(number)
    if (word === 'handed-in' || seen++ !== commits) continue
    void delay(moreMs).then(() => child.kill('SIGKILL'))
  }
  const [, signal] = await closed
  if (signal !== 'SIGKILL') throw new Error('the writer ended by itself')
  return { loaded: last.loaded, handedIn: last['handed-in'], written: last.written }
}

t.test(`${KILLS} kills`, async (t) => {
  const dir = t.testdir()
  const seed = Date.now() & 0x7fff_ffff
  t.comment(`seed ${seed}`)
  const below = seeded(seed)
  let [before, inRewrite, atTail] = [0, 0, 0]
  for (let kill = 0; kill < KILLS; kill++) {
    const fsync = ['async', 'always', 'never'][kill % 3] ?? ''
    const life = await live(dir, fsync, below(4) === 0 ? 0 : below(60), below(8))
    if (existsSync(join(dir, 'state.tmp'))) inRewrite++
    const state = loadState(dir)
    if (state.type === 'unusable') throw new Error(`${fsync}: ${state.why}`)
    const rows = state.type === 'state' ? restore(state.batches) : new Map()
    if (state.type === 'state' && state.damage !== undefined) atTail++
    const found = commitOf(rows)
    t.equal(life.loaded, before, 'started from what the last one left')
    t.ok(found >= life.written, `commit ${found} is there, ${life.written} was written`)
    t.ok(found <= Math.max(life.handedIn, before), `and ${life.handedIn} was handed in`)
    t.equal(textOf(rows), textOf(rowsAfter(found)), 'and every row is as it was then')
    before = found
  }
  t.ok(before > 10 * KILLS, `${before} commits were made`)
  t.comment(`${inRewrite} kills within a rewrite, ${atTail} within an append`)
  t.ok(inRewrite > 0, 'some met a rewrite')
})
