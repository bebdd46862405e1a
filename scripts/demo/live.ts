import { setTimeout as delay } from 'node:timers/promises'
import { playLanes } from './lanes.ts'
import type { Page } from './page.ts'
import type { Recording } from './recordings.ts'
import type { Stage } from './stage.ts'

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
  const signal = AbortSignal.any([stage.signal, over.signal])
  const tasks = [
    watch({ ...stage, signal }, spectator),
    playLanes(stage.workspace, recordings, speed, signal),
  ]
  try {
    return await Promise.race(tasks)
  } finally {
    over.abort()
    await Promise.allSettled(tasks)
  }
}

async function watch({ exporter, signal }: Stage, spectator: Spectator): Promise<never> {
  const begun = performance.now()
  for (;;) {
    spectator(await exporter.scrape(signal), (performance.now() - begun) / 1000)
    await delay(LOOK_MS, undefined, { signal })
  }
}
