/** Plays a schedule with the exporter in a process of its own, with real signals and real scrapes. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Test } from 'tap'
import type { Page } from '../../support/page.ts'
import { until } from '../../support/until.ts'
import { descriptorsOf } from '../support/process-facts.ts'
import { countersOf, Told } from './counters.ts'
import * as coverage from './coverage.ts'
import { alternativesOf, differenceOf, expectedOf, type Figures, figuresOf } from './expected.ts'
import type { Tally } from './in-process.ts'
import type { Action } from './schedule.ts'
import { PATIENCE, type Started, startWith, untilReady } from './started.ts'
import type { World } from './world.ts'

/** What is needed to play. */
export interface RealStage {
  readonly world: World
  readonly args: readonly string[]
  readonly graceMs: number
  readonly tally: Tally
}

/** Plays the actions and lets everything come to its end; rejects with what was not as promised. */
export async function playReally(
  t: Test,
  stage: RealStage,
  actions: readonly Action[],
): Promise<void> {
  const player = new RealPlayer(t, stage)
  try {
    await player.scrape()
    for (const action of actions) await player.act(action)
    await player.settle()
  } finally {
    await player.end()
  }
}

class RealPlayer {
  readonly #t: Test
  readonly #stage: RealStage
  readonly #world: World
  readonly #told = new Told()
  #exporter: Started | undefined
  #hasLived = false

  constructor(t: Test, stage: RealStage) {
    this.#t = t
    this.#stage = stage
    this.#world = stage.world
  }

  async act(action: Action): Promise<void> {
    switch (action.type) {
      case 'start':
        await this.#running()
        break
      case 'look':
        await this.#look()
        break
      case 'scrape':
        await this.scrape()
        break
      case 'unanswered':
        await this.#dropAnswer()
        break
      case 'wait':
        await delay((action.percent / 100) * this.#stage.graceMs)
        break
      case 'terminate':
        await this.#terminate()
        break
      case 'kill':
        await this.#kill(action.end === 'whole' ? undefined : action.percent / 10)
        break
      case 'prepare':
      case 'scrape_full':
      case 'disk':
        throw new Error(`${action.type} is nothing that can be done to another process`)
      default:
        this.#world.act(action)
    }
  }

  /** Asks until the page says all that was written, and nothing else. */
  async scrape(): Promise<void> {
    const alternatives = alternativesOf(this.#world)
    await this.#untilFigures(alternatives)
    coverage.accounted(this.#world)
    coverage.committed(this.#world)
    coverage.answered(this.#world)
    this.#stage.tally.scrapes += 1
  }

  /** Whatever was taken away ends, and everything is told. */
  async settle(): Promise<void> {
    for (const file of this.#world.files) {
      if (file.place !== 'read') file.now = { ...file.now, over: true }
      this.#stage.tally.records += file.written.records
    }
    await this.#untilFigures([expectedOf(this.#world)])
  }

  async end(): Promise<void> {
    this.#world.end()
    await this.#exporter?.running.stop()
  }

  async #running(): Promise<Started> {
    if (this.#exporter !== undefined) return this.#exporter
    const exporter = await startWith(this.#t, this.#stage.args)
    // Only what appears after the very first look is new.
    if (!this.#hasLived) await untilReady(exporter)
    this.#exporter = exporter
    return exporter
  }

  /** Until all files that a scan finds are held open. */
  async #look(): Promise<void> {
    const { pid } = await this.#running()
    const paths = this.#world.files.flatMap(({ place, path }) => (place === 'read' ? [path] : []))
    const areOpen = () => {
      const open = new Set(descriptorsOf(pid))
      return paths.every((path) => open.has(path ?? ''))
    }
    await until('all files to be open', areOpen, PATIENCE)
    coverage.opened(this.#world)
  }

  async #untilFigures(alternatives: readonly Figures[]): Promise<void> {
    const exporter = await this.#running()
    let difference: string | undefined = 'no page yet'
    const isRight = async () => {
      const page = await this.#ask(exporter)
      if (page === undefined) return false
      const figures = figuresOf(page)
      const differences = alternatives.map((expected) => differenceOf(figures, expected))
      difference = differences.includes(undefined) ? undefined : differences[0]
      return difference === undefined
    }
    await until('the page to be exact', isRight, PATIENCE).catch((error: Error) => {
      throw new Error(`${error.message}: ${difference}`)
    })
  }

  /** A page; undefined: not ready. What any page tells is noted. */
  async #ask(exporter: Started): Promise<Page | undefined> {
    const page = await exporter.page()
    if (page === undefined) return undefined
    const counters = countersOf(page)
    this.#told.mustNotExceed(counters)
    this.#told.note(counters)
    return page
  }

  async #dropAnswer(): Promise<void> {
    await this.#exporter?.ask('/metrics')
  }

  async #terminate(): Promise<void> {
    const exporter = this.#exporter
    if (exporter === undefined || !coverage.mayDie(this.#world, false)) return
    const code = await exporter.end('SIGTERM')
    if (code !== 0) throw new Error(`exit code ${code}: ${exporter.running.stderr().slice(-2000)}`)
    this.#died()
  }

  /** `afterMs`: so long after a scrape has begun. */
  async #kill(afterMs: number | undefined): Promise<void> {
    const exporter = this.#exporter
    if (exporter === undefined || !coverage.mayDie(this.#world, false)) return
    const scrape = afterMs === undefined ? undefined : exporter.page().catch(() => undefined)
    if (afterMs !== undefined) await delay(afterMs)
    await exporter.end('SIGKILL')
    await scrape
    this.#died()
  }

  #died(): void {
    this.#exporter = undefined
    this.#hasLived = true
    coverage.died(this.#world, false)
    this.#stage.tally.kills += 1
  }
}
