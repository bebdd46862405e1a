/** The soak: kills without end, a proxy that does what it likes, two scrapers, one book. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expected } from '../../test/crashes/support/account.ts'
import { killableExporter } from '../../test/crashes/support/exporter.ts'
import type { Scope } from '../../test/crashes/support/scope.ts'
import { Writer } from '../../test/crashes/support/writer.ts'
import { seeded } from '../../test/support/seeded.ts'
import { Lives, type Phase } from './lives.ts'
import { RandomWriting } from './random-writing.ts'
import { Scraper } from './scraper.ts'

export interface SoakOptions {
  /** The run ends after so many kills or so many minutes, whichever comes first. */
  readonly kills: number
  readonly minutes: number
  readonly seed: number
  /** Directory for logs and state; it must be empty. */
  readonly directory: string
}

/** What came of it. */
export interface SoakOutcome {
  readonly seed: number
  readonly seconds: number
  readonly kills: number
  /** What the exporter was doing when it was killed. */
  readonly killedWhile: Readonly<Record<Phase, number>>
  readonly packets: number
  readonly streams: number
  readonly bytes: number
  /** Files deleted or moved away, all of them counted before or drained. */
  readonly filesGone: number
  readonly actions: Readonly<Record<string, number>>
  /** How often all was stopped and every figure of the page compared with the book. */
  readonly comparisons: number
  readonly scrapers: readonly {
    readonly everySeconds: number
    readonly scrapes: number
    readonly forgotten: number
    readonly refused: number
    readonly lost: number
    readonly doubled: number
    readonly resets: number
  }[]
  /** All that was wrong; none: exact. */
  readonly faults: readonly string[]
}

const SCRAPERS = [
  { everyMs: 200, forgetEvery: 3 },
  { everyMs: 730, forgetEvery: 0 },
]
/** Packets that take long enough to read for a kill to be aimed at that time. */
const BACKLOG = 40_000
/** Kills between two comparisons. */
const COMPARE_EVERY = 15
const PACKETS = 'quic_packets_received_total'

/** Runs until the end or the first fault. */
export async function soak(
  scope: Scope,
  { kills, minutes, seed, directory }: SoakOptions,
  tell: (line: string) => void,
): Promise<SoakOutcome> {
  const random = seeded(seed)
  const [logs, aside] = [join(directory, 'logs'), join(directory, 'aside')]
  for (const made of [logs, aside]) mkdirSync(made)
  const writer = new Writer(logs, random)
  const writing = new RandomWriting(writer, random)
  const exporter = await killableExporter(scope, { logs, storage: join(directory, 'state') })
  const lives = new Lives(exporter, random)
  const scrapers = SCRAPERS.map(
    ({ everyMs, forgetEvery }) => new Scraper(exporter.address, everyMs, forgetEvery),
  )
  const faults: string[] = []
  let comparisons = 0
  let filesGone = 0
  const deletedWhileDead: string[] = []

  exporter.program.start()
  await exporter.untilPage('its first page', () => true)
  // Every counter is seen at 0.
  for (const scraper of scrapers) await scraper.scrape()
  const running = scrapers.map((scraper) => scraper.run())

  const compare = async (): Promise<boolean> => {
    comparisons += 1
    const truth = Object.entries(expected(writer.book))
    return exporter
      .untilPage('all that was written', (page) =>
        truth.every(([name, value]) => page.value(name) === value),
      )
      .then(
        () => true,
        (error: Error) => {
          const book = truth.map(([name, value]) => `${name} ${value}`).join('\n')
          faults.push(`after ${lives.total} kills: ${error.message}\nthe book:\n${book}`)
          return false
        },
      )
  }

  /** What is counted may go: the page that said so was not given before it was in the state. */
  const clearAway = async () => {
    const gone = writing.ended.splice(0)
    const now = random(2) === 0 ? gone : []
    for (const name of now) writer.remove(name)
    if (now.length === 0) deletedWhileDead.push(...gone)
    filesGone += gone.length
  }

  /** A file that is open is drained after it was moved away, with more to come. */
  const moveAway = async () => {
    const name = writing.any()
    if (name === '') return
    const moved = `../aside/${name}`
    writer.append(name, 1 + random(2000), true)
    writer.rename(name, moved)
    for (let i = random(4); i > 0; i -= 1) {
      await delay(100)
      writer.append(moved, random(100), true)
    }
    writer.end(moved)
    filesGone += 1
    if (await compare()) writer.remove(moved)
  }

  const isGood = () => faults.length === 0 && exporter.program.errors.length === 0
  const begunAt = performance.now()
  const deadline = begunAt + minutes * 60_000
  writing.resume()
  while (lives.total < kills && performance.now() < deadline && isGood()) {
    await lives.next((backlog) => {
      const name = writing.any()
      if (backlog && name !== '') writer.append(name, BACKLOG)
      for (const name of deletedWhileDead.splice(0)) writer.remove(name)
    })
    if (lives.total % COMPARE_EVERY !== 0) continue
    writing.pause()
    if (await compare()) {
      if (random(2) === 0) await moveAway()
      await clearAway()
    }
    writing.resume()
    if (lives.total % (10 * COMPARE_EVERY) === 0) {
      const passed = Math.round((performance.now() - begunAt) / 1000)
      tell(`${lives.total} kills, ${writer.book.packets} packets, ${passed} s`)
    }
  }
  writing.pause()
  const seconds = Math.round((performance.now() - begunAt) / 1000)
  if (faults.length === 0) await compare()
  for (const scraper of scrapers) scraper.stop()
  await Promise.all(running)
  for (const scraper of scrapers) await scraper.scrape()
  faults.push(...exporter.program.crashes.map((crash) => `the exporter ended by itself: ${crash}`))
  faults.push(...exporter.program.errors)
  for (const scraper of scrapers) faults.push(...faultsOf(scraper, expected(writer.book)))

  const { packets, connections, bytes } = writer.book
  return {
    seed,
    seconds,
    kills: lives.total,
    killedWhile: lives.kills,
    packets,
    streams: connections,
    bytes,
    filesGone,
    actions: writing.actions,
    comparisons,
    scrapers: scrapers.map((scraper) => {
      const missing = packets - scraper.increase(PACKETS)
      return {
        everySeconds: scraper.everyMs / 1000,
        scrapes: scraper.taken,
        forgotten: scraper.forgotten,
        refused: scraper.refused,
        lost: Math.max(0, missing),
        doubled: Math.max(0, -missing),
        resets: scraper.fallen.length,
      }
    }),
    faults,
  }
}

function faultsOf(scraper: Scraper, truth: Readonly<Record<string, number>>): string[] {
  const name = `scraper every ${scraper.everyMs} ms`
  const wrong = Object.entries(truth)
    .map(([counter, value]) => [counter, value, scraper.increase(counter)] as const)
    .filter(([, value, increase]) => value !== increase)
  return [
    ...wrong.map(([counter, value, increase]) => `${name}: ${counter} ${increase}, not ${value}`),
    ...(scraper.fallen.length === 0 ? [] : [`${name}: fell: ${scraper.fallen.join(' ')}`]),
  ]
}
