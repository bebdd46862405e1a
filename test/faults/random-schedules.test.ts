/** Writers, rotation, scrapes, full disks and deaths in any order, with the exporter in this process. */
import { mkdtempSync, rmSync, statSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import type { Test } from 'tap'
import { configured } from '../support/restarts.ts'
import { noSmallDisk, smallDisk } from '../support/small-disk.ts'
import { fault } from './support/fault.ts'
import { temporaryDirectory } from './support/scene.ts'
import { type Disk, play, type Tally } from './support-random/in-process.ts'
import { type Action, type Kind, schedules } from './support-random/schedule.ts'
import { World } from './support-random/world.ts'
import { MAX_RECORD_BYTES } from './support-random/world-file.ts'

const SEEDS = Number(process.env.FAULT_SEEDS ?? 300)
const SEED = Number(process.env.FAULT_SEED ?? Date.now() % 2 ** 31)
const PATH = process.env.FAULT_PATH

const GRACE_MS = 5000
const MOST_ACTIONS = 60

/** Always several slices, or always one batch. */
const SLICE_BYTES = [100, 1 << 20]

function diskFor(t: Test): Disk {
  if (noSmallDisk) {
    t.test('disks that are full', { skip: noSmallDisk }, async () => {})
    return { dir: temporaryDirectory(t), fill() {}, empty() {} }
  }
  const { dir, fill, empty } = smallDisk(t, '4m')
  const ballast = join(dir, 'ballast')
  return {
    dir,
    empty,
    fill(roomBytes) {
      fill()
      truncateSync(ballast, Math.max(0, statSync(ballast).size - roomBytes))
    },
  }
}

async function run(t: Test, ...without: Kind[]): Promise<string> {
  t.setTimeout(0)
  t.comment(`FAULT_SEED=${SEED}`)
  const state = diskFor(t)
  const tally: Tally = { kills: 0, scrapes: 0, failedCommits: 0, records: 0 }
  const property = fc.asyncProperty(
    schedules(MOST_ACTIONS, ...without),
    fc.constantFrom(...SLICE_BYTES),
    (actions, sliceBytes) => playIn(state, tally, actions, sliceBytes),
  )
  await fc.assert(property, {
    numRuns: SEEDS,
    includeErrorInReport: true,
    seed: SEED,
    ...(PATH === undefined ? {} : { path: PATH }),
  })
  const figures = Object.entries(tally).map(([what, count]) => `${what} ${count}`)
  return `${SEEDS} schedules from seed ${SEED}: ${figures.join(', ')}`
}

async function playIn(
  state: Disk,
  tally: Tally,
  actions: readonly Action[],
  sliceBytes: number,
): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'random-'))
  try {
    const root = join(directory, 'qlog')
    const clock = {
      ms: Date.now(),
      now() {
        return this.ms
      },
    }
    const world = new World({
      root,
      away: join(directory, 'away'),
      now: () => clock.ms,
      writesForMs: GRACE_MS,
      graceMs: GRACE_MS,
      endsAreKnown: true,
    })
    const config = configured(
      ...['--qlog-dir', root, '--dialect', 'quic-go'],
      ...['--tail.rotate-grace', `${GRACE_MS}ms`],
      ...['--tail.max-record-bytes', `${MAX_RECORD_BYTES}`],
    )
    const stage = { world, config, disk: state, sliceBytes, clock, graceMs: GRACE_MS, tally }
    await play(stage, actions)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

fault(
  {
    id: 'F-52',
    fault: `random schedules without truncation, ${SEEDS} seeds in process`,
    expected: 'exact; nothing that was told is taken back',
  },
  (t) => run(t, 'copytruncate'),
)

fault(
  {
    id: 'F-52',
    fault: `random schedules with copytruncate, ${SEEDS} seeds in process`,
    expected: 'what had to be read ≤ applied ≤ written; read + lost + waiting = seen',
  },
  (t) => run(t),
)
