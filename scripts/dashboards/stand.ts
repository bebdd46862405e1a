/**
 * A stand to look at dashboards: the real exporter reads recorded streams as they grow, and a real
 * Prometheus has an hour of its pages, the first half of it at half the pace 1, 7 and 14 days before, and scrapes
 * on from there. The hour is played in half a minute: rates are those of its own stretched clock.
 */
import { createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as delay } from 'node:timers/promises'
import type { Owner } from '../../test/live/processes.ts'
import { openMetrics, type TakenPage } from './stand/history.ts'
import {
  backfill,
  backfillRules,
  INSTANCE,
  JOB,
  startPrometheus,
  untilScraped,
} from './stand/prometheus.ts'
import { openRecorder, type Recorder } from './stand/recorder.ts'

export interface StandOptions {
  /** Their recording rules are evaluated over the hour; their alerts from its end on, each second. */
  readonly ruleFiles?: readonly string[]
  /** Names of the sources that play; all of them if not given. */
  readonly sources?: readonly string[]
}

export interface Stand {
  readonly prometheusUrl: string
  readonly job: string
  readonly instance: string
  /** The hour, in Unix ms; its last seconds were scraped. */
  readonly fromMs: number
  readonly toMs: number
  /** Seconds between two samples of the hour: what Grafana calls the scrape interval. */
  readonly scrapeIntervalS: number
  stop(): Promise<void>
}

const HOUR_S = 3600
const STEP_S = 15
const SCRAPED_S = 10
const DAY_MS = 86_400_000
const BASELINE_DAYS = [1, 7, 14]
const BASELINE_PACE = 0.5
/** Of the hours before, only every second step is kept. */
const BASELINE_STEP = 2

/** Sets it up, which takes half a minute; whoever opens it stops it. */
export async function openStand(options: StandOptions = {}): Promise<Stand> {
  const endings: (() => unknown)[] = []
  const owner: Owner = { teardown: (ending: () => unknown) => void endings.push(ending) }
  const stop = async () => {
    for (const end of endings.splice(0).reverse()) await end()
  }
  try {
    return { ...(await open(owner, options)), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function open(owner: Owner, options: StandOptions): Promise<Omit<Stand, 'stop'>> {
  const directory = await mkdtemp(join(tmpdir(), 'quic-lb-stand-'))
  owner.teardown(() => rm(directory, { recursive: true, force: true, maxRetries: 3 }))
  const recorder = await openRecorder(owner, directory, options.sources)
  owner.teardown(() => recorder.stop())
  const pages = await playHour(recorder)
  recorder.settle()
  const endMs = Date.now()
  for (const days of [...BASELINE_DAYS, 0]) {
    const file = join(directory, `history-${days}.txt`)
    const text = days === 0 ? thisHour(pages, endMs) : hourBefore(pages, endMs - days * DAY_MS)
    await pipeline(Readable.from(text), createWriteStream(file))
    await backfill(owner, directory, file)
    await rm(file)
  }
  const { target } = recorder
  const prometheus = { directory, target, ruleFiles: options.ruleFiles ?? [] }
  await backfillRules(owner, prometheus, endMs - HOUR_S * 1000, endMs, STEP_S)
  const { url: prometheusUrl } = await startPrometheus(owner, prometheus)
  recorder.end()
  for (let second = 0; second < SCRAPED_S; second += 1) {
    recorder.play(1, 1)
    await delay(1000)
  }
  const toMs = await untilScraped(prometheusUrl)
  return {
    ...{ prometheusUrl, job: JOB, instance: INSTANCE, scrapeIntervalS: STEP_S },
    ...{ fromMs: toMs - HOUR_S * 1000, toMs },
  }
}

async function playHour(recorder: Recorder): Promise<TakenPage[]> {
  const pages = [await recorder.page()]
  for (let second = STEP_S; second <= HOUR_S; second += STEP_S) {
    recorder.play(STEP_S, second / HOUR_S)
    await recorder.read()
    pages.push(await recorder.page())
  }
  return pages
}

function thisHour(pages: readonly TakenPage[], endMs: number) {
  return openMetrics(pages, (index) => endMs - (pages.length - 1 - index) * STEP_S * 1000)
}

function hourBefore(all: readonly TakenPage[], endMs: number) {
  const count = Math.floor(all.length / BASELINE_STEP)
  const pages = Array.from({ length: count }, (_, index) => {
    return all[Math.floor(index * BASELINE_STEP * BASELINE_PACE)] as TakenPage
  })
  return openMetrics(pages, (index) => endMs - (count - 1 - index) * STEP_S * BASELINE_STEP * 1000)
}
