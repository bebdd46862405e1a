/** One writer, two programs that follow it and are killed at the same moments, two Prometheus servers. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { newLogs, PACKETS_PER_SECOND } from '../../test/crashes/support/experiment.ts'
import { killableExporter } from '../../test/crashes/support/exporter.ts'
import { killAndRestart, type Rhythm } from '../../test/crashes/support/kills.ts'
import { type Replica, startReplica } from '../../test/crashes/support/replica.ts'
import type { Scope } from '../../test/crashes/support/scope.ts'
import { SteadyWriting } from '../../test/crashes/support/steady-writing.ts'
import { growthOfAll } from '../../test/crashes/support/sums.ts'
import { peer } from '../../test/live/peers.ts'
import { seeded } from '../../test/support/seeded.ts'
import { until } from '../../test/support/until.ts'
import { MTAIL, MTAIL_COUNTER, mtailOn } from './mtail.ts'

/** What one Prometheus server has counted of one program. */
export interface Row {
  readonly program: string
  readonly scrapedEverySeconds: number
  /** Sum of the reset-corrected raw increases. */
  readonly counted: number
  /** Of the packets written, percent; negative: lost. */
  readonly errorPercent: number
  readonly resets: number
  readonly goodScrapes: number
  readonly failedScrapes: number
}

/** One run of the experiment. */
export interface Comparison {
  readonly seed: number
  readonly kills: number
  readonly seconds: number
  readonly packetsPerSecond: number
  readonly packetsWritten: number
  readonly rhythm: Rhythm
  /** By name. */
  readonly versions: Readonly<Record<string, string>>
  readonly rows: readonly Row[]
}

const INTERVALS_MS = [1000, 5000]
const RHYTHM: Rhythm = { upMs: [1000, 6000], downMs: [300, 1200] }
const EXPORTER_COUNTER = 'quic_packets_received_total'

/** Runs it; `tell` hears how far it has come. */
export async function compare(
  scope: Scope,
  { kills, seed }: { readonly kills: number; readonly seed: number },
  tell: (line: string) => void,
): Promise<Comparison> {
  const random = seeded(seed)
  const { logs, writer } = newLogs(scope, random)
  // Before both start: mtail reads a file that appears later from its end.
  writer.begin('stream.sqlog')
  const exporter = await killableExporter(scope, { logs })
  const mtail = await mtailOn(scope, logs)
  const programs = [exporter.program, mtail.program]
  for (const program of programs) program.start()
  const begunAt = Date.now()
  const targets = [
    { job: 'exporter', address: exporter.address },
    { job: 'mtail', address: mtail.address },
  ]
  const replicas = await Promise.all(INTERVALS_MS.map((ms) => startReplica(scope, targets, ms)))
  await Promise.all(replicas.map((replica) => replica.untilScraped(begunAt)))

  const writingSince = performance.now()
  const writing = new SteadyWriting(scope, writer, { packetsPerSecond: PACKETS_PER_SECOND })
  for (let done = 0; done < kills; done += 10) {
    await killAndRestart(programs, Math.min(10, kills - done), RHYTHM, random)
    tell(`${Math.min(done + 10, kills)} of ${kills} kills, ${writer.book.packets} packets written`)
  }
  // The last life ends well: whatever it can still read and show is counted.
  await delay(RHYTHM.upMs[1])
  writing.pause()
  const seconds = Math.round((performance.now() - writingSince) / 1000)
  const crashes = programs.flatMap((program) => program.crashes)
  if (crashes.length > 0) throw new Error(`ended by itself: ${crashes.join('\n')}`)
  await Promise.all([
    untilSteady(() => shown(exporter.address, EXPORTER_COUNTER)),
    untilSteady(() => shown(mtail.address, MTAIL_COUNTER)),
  ])
  const settledAt = Date.now()
  await Promise.all(replicas.map((replica) => replica.untilScraped(settledAt)))

  const packetsWritten = writer.book.packets
  const rowsOf = (name: string, job: string, counter: string) =>
    Promise.all(
      replicas.map(async (replica): Promise<Row> => {
        const growth = growthOfAll(await replica.series(`${counter}{job="${job}"}`))
        const error = ((growth.increase - packetsWritten) / packetsWritten) * 100
        return {
          program: name,
          scrapedEverySeconds: replica.intervalMs / 1000,
          counted: growth.increase,
          errorPercent: Math.round(error * 100) / 100,
          resets: growth.resets,
          ...(await scrapes(replica, job)),
        }
      }),
    )
  return {
    seed,
    kills,
    seconds,
    packetsPerSecond: PACKETS_PER_SECOND,
    packetsWritten,
    rhythm: RHYTHM,
    versions: versions(),
    rows: [
      ...(await rowsOf('quic-lb-exporter', 'exporter', EXPORTER_COUNTER)),
      ...(await rowsOf('mtail', 'mtail', MTAIL_COUNTER)),
    ],
  }
}

async function scrapes(replica: Replica, job: string) {
  const up = (await replica.series(`up{job="${job}"}`)).flatMap(({ samples }) => samples)
  const goodScrapes = up.filter(([, value]) => value === 1).length
  return { goodScrapes, failedScrapes: up.length - goodScrapes }
}

/** Sum of a counter's samples on a page; undefined: no page. */
async function shown(address: string, counter: string): Promise<number | undefined> {
  const answer = await fetch(`http://${address}/metrics`).catch(() => undefined)
  const text = await answer?.text().catch(() => undefined)
  if (!answer?.ok || text === undefined) return undefined
  const samples = text.matchAll(new RegExp(`^${counter}(?:\\{.*\\})? (\\S+)$`, 'gm'))
  return [...samples].reduce((sum, [, value]) => sum + Number(value), 0)
}

/** Resolves when the value has not moved for two seconds: all that will be read has been read. */
async function untilSteady(ask: () => Promise<number | undefined>): Promise<void> {
  let latest: number | undefined
  let since = performance.now()
  const isSteady = async () => {
    const value = await ask()
    if (value === undefined || value !== latest) since = performance.now()
    latest = value
    return performance.now() - since > 2000
  }
  await until('a counter that has come to rest', isSteady, { withinMs: 60_000, everyMs: 200 })
}

function versions(): Record<string, string> {
  const said = (program: string) =>
    /version (\d[^\s,]*)/.exec(execFileSync(program, ['--version'], { encoding: 'utf8' }))?.[1]
  const path = new URL('../../package.json', import.meta.url)
  const { version } = JSON.parse(readFileSync(path, 'utf8')) as { version: string }
  return {
    'quic-lb-exporter': version,
    mtail: said(MTAIL) ?? 'unknown',
    Prometheus: said(peer('prometheus')) ?? 'unknown',
  }
}
