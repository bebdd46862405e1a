/** Writers, rotation, scrapes and deaths in any order, with the exporter as operators run it. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import type { Test } from 'tap'
import { WATCHING } from './support/exporter.ts'
import { fault } from './support/fault.ts'
import { temporaryDirectory } from './support/scene.ts'
import type { Tally } from './support-random/in-process.ts'
import { playReally } from './support-random/real-process.ts'
import { type Action, schedules } from './support-random/schedule.ts'
import { World } from './support-random/world.ts'
import { MAX_RECORD_BYTES } from './support-random/world-file.ts'

const SEEDS = Number(process.env.FAULT_REAL_SEEDS ?? 20)
const SEED = Number(process.env.FAULT_SEED ?? Date.now() % 2 ** 31)
/** The only one to play, if given. */
const NUMBER = process.env.FAULT_NUMBER

const GRACE_MS = 1000
const MOST_ACTIONS = 60
const AT_ONCE = 3

const actions = schedules(MOST_ACTIONS, 'copytruncate', 'prepare', 'disk', 'scrape_full')

fault(
  {
    id: 'F-52',
    fault: `random schedules without truncation, ${SEEDS} seeds on the real process`,
    expected: 'exact; nothing that was told is taken back',
  },
  async (t) => {
    t.comment(`FAULT_SEED=${SEED}`)
    const tally: Tally = { kills: 0, scrapes: 0, failedCommits: 0, records: 0 }
    const all = [...fc.sample(actions, { seed: SEED, numRuns: SEEDS }).entries()]
    const todo = all.filter(([number]) => NUMBER === undefined || Number(NUMBER) === number)
    const work = async () => {
      try {
        for (let next = todo.shift(); next !== undefined; next = todo.shift()) {
          await playNumbered(t, next, tally)
        }
      } finally {
        // One that failed is enough.
        todo.length = 0
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, work))
    const figures = `kills ${tally.kills}, scrapes ${tally.scrapes}, records ${tally.records}`
    return `${SEEDS} schedules from seed ${SEED}: ${figures}`
  },
)

async function playNumbered(
  t: Test,
  [number, schedule]: readonly [number, readonly Action[]],
  tally: Tally,
): Promise<void> {
  const directory = temporaryDirectory(t)
  const [root, storage] = [join(directory, 'qlog'), join(directory, 'state')]
  mkdirSync(storage)
  const world = new World({
    root,
    away: join(directory, 'away'),
    now: () => performance.now(),
    // Far from the grace time, for the machine may be slow.
    writesForMs: 0.4 * GRACE_MS,
    graceMs: GRACE_MS,
    endsAreKnown: false,
  })
  const args = [
    ...['--qlog-dir', root, '--storage.path', storage, '--dialect', 'quic-go'],
    ...['--web.listen-address', '127.0.0.1:0', ...(WATCHING ? [] : ['--no-tail.watch'])],
    ...['--tail.sweep-interval', '100ms', '--tail.rotate-grace', `${GRACE_MS}ms`],
    ...['--tail.max-record-bytes', `${MAX_RECORD_BYTES}`],
  ]
  try {
    await playReally(t, { world, args, graceMs: GRACE_MS, tally }, schedule)
  } catch (error) {
    const again = `FAULT_SEED=${SEED} FAULT_NUMBER=${number}`
    throw new Error(`${again}: ${(error as Error).message}\n${JSON.stringify(schedule)}`)
  }
}
