/** Retention over a tailer that is driven by hand, and over an exporter in a process of its own. */
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { tailingMetrics } from '../../exporter/collectors/tailing.ts'
import { createPipeline } from '../../exporter/pipeline.ts'
import { OneAtATime } from '../../exporter/retention/one-at-a-time.ts'
import { Retention, type RetentionSettings } from '../../exporter/retention.ts'
import type { TailerOptions } from '../../exporter/tail/tailer.ts'
import { type Running, start } from '../live/processes.ts'
import { type Page, parsePage } from './page.ts'
import { type Harness, harness } from './tail-harness.ts'
import { until } from './until.ts'

/** The delay in these tests, ms. */
export const DELAY_MS = 60_000

/** Retention whose every step is called for. */
export interface Retaining extends Harness {
  readonly retention: Retention
  /** How often each thing was counted. */
  readonly counted: Record<string, number>
  /** Lines of the log, its fields as JSON. */
  readonly told: string[]
  /** Whether the state can be saved; and how often that was asked. */
  readonly state: { good: boolean; asked: number; before?: () => unknown }
  /** Says that what was read of all files is over. */
  finish(): void
  /** Lets the delay pass. */
  wait(): void
}

/** Retention over an empty directory. */
export function retaining(
  t: Test,
  settings: Partial<RetentionSettings> = {},
  options: Partial<TailerOptions> = {},
): Retaining {
  const tailing = harness(t, options)
  const counted: Record<string, number> = {}
  const told: string[] = []
  const state: Retaining['state'] = { good: true, asked: 0 }
  const tell = (message: string, fields = {}) => void told.push(message + JSON.stringify(fields))
  const retention = new Retention({
    source: 'qlog',
    settings: { action: 'delete', delayMs: DELAY_MS, dryRun: false, ...settings },
    files: tailing.tailer.finished,
    saveForGood: async () => {
      state.asked += 1
      await state.before?.()
      return state.good
    },
    count: (action) => {
      counted[action] = (counted[action] ?? 0) + 1
    },
    compressing: new OneAtATime(),
    now: () => tailing.clock.now(),
    log: { debug: tell, info: tell, warn: tell, error: tell },
  })
  t.teardown(() => retention.stop())
  return {
    ...tailing,
    retention,
    counted,
    told,
    state,
    finish: () => {
      for (const sink of tailing.sinks) sink.isFinished = true
    },
    wait: () => {
      tailing.clock.ms += DELAY_MS
    },
  }
}

/** An exporter that takes files away after a second, in a process of its own. */
export interface RetainingExporter {
  readonly running: Running
  page(): Promise<Page>
  /** Reads pages until one is as wanted. */
  untilPage(what: string, holds: (page: Page) => boolean): Promise<Page>
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>
}

const MAIN = fileURLToPath(new URL('../../exporter/main.ts', import.meta.url))

/** Starts one on these directories, and waits until it answers scrapes. */
export function startRetaining(
  t: Test,
  qlog: string,
  state: string,
  ...flags: string[]
): Promise<RetainingExporter> {
  return startWith(
    t,
    ...['--qlog-dir', qlog, '--start-at', 'beginning', '--storage.path', state],
    ...['--web.listen-address', '127.0.0.1:0', '--tail.sweep-interval', '200ms'],
    ...['--tail.rotate-grace', '1s', '--retention-delay', '1s', ...flags],
  )
}

/** Starts an exporter with these arguments, and waits until it answers scrapes. */
export async function startWith(t: Test, ...args: string[]): Promise<RetainingExporter> {
  const running = start(t, { program: process.execPath, args: [MAIN, ...args] })
  const url = await until(
    'an address',
    () => {
      if (!running.isRunning()) throw new Error(`ended: ${running.stderr()}`)
      return /"metrics":"([^"]+)"/.exec(running.stderr())?.[1]
    },
    { withinMs: 30_000 },
  )
  const ask = async () => {
    const answer = await fetch(url)
    const text = await answer.text()
    // What Node tells of itself is not ours, and not always in the format in its first moments.
    return answer.ok ? parsePage(text.replace(/^.*\bnodejs_.*\n/gm, '')) : undefined
  }
  const page = () => until('a page', ask, { withinMs: 30_000, everyMs: 50 })
  const exporter: RetainingExporter = {
    running,
    page,
    untilPage: async (what, holds) => {
      const fits = async () => {
        const one = await page()
        return holds(one) && one
      }
      return until(what, fits, { withinMs: 30_000, everyMs: 100 })
    },
    kill: async () => {
      running.child.kill('SIGKILL')
      await running.ended
    },
  }
  await exporter.page()
  return exporter
}

const { metrics } = createPipeline()
tailingMetrics(metrics)
const FROM_INPUT = new Set(
  metrics.families.flatMap(({ spec: { name, depends } }) => (depends === 'clock' ? [] : [name])),
)

/** The samples of a page that follow from what was read, and from nothing else. */
export function samplesOf(page: Page): string[] {
  return [...page.values()]
    .filter(({ name }) => FROM_INPUT.has(name))
    .flatMap(({ samples }) => samples.map(({ line }) => line))
}
