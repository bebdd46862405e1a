import { rm } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { openLog } from './log-file.ts'
import { PRODUCERS } from './producers.ts'
import type { Recording } from './recordings.ts'
import type { Workspace } from './workspace.ts'

/** Connections of one producer at the same time. */
const LANES = 4
const LANE_AFTER_LANE_MS = 500
/** A finished log stays for a moment, long enough to be found and opened by the exporter. */
const KEEP_MS = 2_000
const LEAST_KEEP_MS = 500

/** Where the logs of each source go. */
type Place = Pick<Workspace, 'directory'>

/**
 * Plays all recordings over and over into the directories of their sources, `speed` times as fast
 * as they were recorded; ends only by the signal or a failure, with a rejection, when nothing is
 * written any more.
 */
export async function playLanes(
  place: Place,
  recordings: readonly Recording[],
  speed: number,
  signal: AbortSignal,
): Promise<never> {
  const over = new AbortController()
  const either = AbortSignal.any([signal, over.signal])
  const tasks = PRODUCERS.flatMap((producer) => {
    const own = endless(recordings.filter((recording) => recording.producer === producer))
    return Array.from({ length: LANES }, (_, lane) =>
      playLane(place, own, speed, (lane * LANE_AFTER_LANE_MS) / speed, either),
    )
  })
  try {
    return await Promise.race(tasks)
  } finally {
    over.abort()
    await Promise.allSettled(tasks)
  }
}

/** Plays one recording after another, beginning after a while. */
async function playLane(
  place: Place,
  recordings: Generator<Recording, never>,
  speed: number,
  afterMs: number,
  signal: AbortSignal,
): Promise<never> {
  await delay(afterMs, undefined, { signal })
  for (;;) {
    const path = await playInTime(place, recordings.next().value, speed, signal)
    await delay(Math.max(LEAST_KEEP_MS, KEEP_MS / speed), undefined, { signal })
    await rm(path)
  }
}

/** Writes one log as its recorded times say; returns where it lies. */
async function playInTime(
  place: Place,
  recording: Recording,
  speed: number,
  signal: AbortSignal,
): Promise<string> {
  const { path, handle, writes } = await openLog(recording, place)
  const begun = performance.now()
  try {
    for (const { atMs, bytes } of writes) {
      const waitMs = begun + atMs / speed - performance.now()
      if (waitMs > 0) await delay(waitMs, undefined, { signal })
      await handle.appendFile(bytes)
    }
    return path
  } finally {
    await handle.close()
  }
}

function* endless<T>(list: readonly T[]): Generator<T, never> {
  for (;;) yield* list
}
