import { rm } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { openLog } from './log-file.ts'
import type { Page } from './page.ts'
import { PRODUCERS } from './producers.ts'
import type { Recording } from './recordings.ts'
import type { Stage } from './stage.ts'

/** Connections of one producer at the same time. */
const LANES = 4
const LANE_AFTER_LANE_MS = 500
/** A finished log stays for a moment, long enough to be found and opened by the exporter. */
const KEEP_MS = 2_000
const LEAST_KEEP_MS = 500
const LOOK_MS = 1_000

/** Sees a page each second, with the seconds since the beginning. */
export type Spectator = (page: Page, seconds: number) => void

/**
 * Plays all recordings over and over, `speed` times as fast as they were recorded; ends only by the
 * stage's signal or a failure, with a rejection.
 */
export async function playLive(
  stage: Stage,
  recordings: readonly Recording[],
  speed: number,
  spectator: Spectator,
): Promise<never> {
  const over = new AbortController()
  const inner = { ...stage, signal: AbortSignal.any([stage.signal, over.signal]) }
  const tasks = [watch(inner, spectator)]
  for (const producer of PRODUCERS) {
    const own = endless(recordings.filter((recording) => recording.producer === producer))
    for (let lane = 0; lane < LANES; lane++) {
      tasks.push(playLane(inner, own, speed, (lane * LANE_AFTER_LANE_MS) / speed))
    }
  }
  try {
    return await Promise.race(tasks)
  } finally {
    over.abort()
    await Promise.allSettled(tasks)
  }
}

/** Plays one recording after another, beginning after a while. */
async function playLane(
  stage: Stage,
  recordings: Generator<Recording, never>,
  speed: number,
  afterMs: number,
): Promise<never> {
  await delay(afterMs, undefined, stage)
  for (;;) {
    const path = await playInTime(stage, recordings.next().value, speed)
    await delay(Math.max(LEAST_KEEP_MS, KEEP_MS / speed), undefined, stage)
    await rm(path)
  }
}

/** Writes one log as its recorded times say; returns where it lies. */
async function playInTime(stage: Stage, recording: Recording, speed: number): Promise<string> {
  const { path, handle, writes } = await openLog(recording, stage.workspace)
  const begun = performance.now()
  try {
    for (const { atMs, bytes } of writes) {
      const waitMs = begun + atMs / speed - performance.now()
      if (waitMs > 0) await delay(waitMs, undefined, stage)
      await handle.appendFile(bytes)
    }
    return path
  } finally {
    await handle.close()
  }
}

async function watch({ exporter, signal }: Stage, spectator: Spectator): Promise<never> {
  const begun = performance.now()
  for (;;) {
    spectator(await exporter.scrape(signal), (performance.now() - begun) / 1000)
    await delay(LOOK_MS, undefined, { signal })
  }
}

function* endless<T>(list: readonly T[]): Generator<T, never> {
  for (;;) yield* list
}
