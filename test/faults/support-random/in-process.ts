/** Plays a schedule with an exporter in this process, whose death is that nothing of it is kept but its state. */
import { setImmediate as turn } from 'node:timers/promises'
import type { Config } from '../../../exporter/config/schema.ts'
import { countersOf, Told } from './counters.ts'
import * as coverage from './coverage.ts'
import { beyondBounds, differenceOf, expectedOf, figuresOf } from './expected.ts'
import { KeptState } from './kept-state.ts'
import { Life, type Scraped } from './life.ts'
import type { Action, ProcessAction } from './schedule.ts'
import type { World } from './world.ts'

const PAGE_BYTES = 4096

/** What happened in a schedule, to see that enough does. */
export interface Tally {
  kills: number
  scrapes: number
  failedCommits: number
  records: number
}

/** What the state is kept on. */
export interface Disk {
  readonly dir: string
  /** Leaves no more than so many bytes. */
  fill(roomBytes: number): void
  empty(): void
}

/** What is needed to play. */
export interface Stage {
  readonly world: World
  readonly config: Config
  readonly disk: Disk
  /** A full disk takes some slices or no batch. */
  readonly sliceBytes: number
  readonly clock: { ms: number; now(): number }
  readonly graceMs: number
  readonly tally: Tally
}

/** Plays the actions and lets everything come to its end; rejects with what was not as promised. */
export async function play(stage: Stage, actions: readonly Action[]): Promise<void> {
  const player = new Player(stage)
  try {
    await player.begin()
    for (const action of actions) await player.act(action)
    await player.settle()
  } finally {
    await player.end()
  }
}

class Player {
  readonly #stage: Stage
  readonly #world: World
  readonly #told = new Told()
  /** What was told while it could not be saved, of files that had come to their end. */
  readonly #toldUnsaved = new Told()
  #toldByLife = new Told()
  #exposedUnsaved = false
  readonly #state: KeptState
  #life: Life | undefined

  constructor(stage: Stage) {
    this.#stage = stage
    this.#world = stage.world
    this.#state = new KeptState(stage.disk.dir)
  }

  /** There is a state before anything is told. */
  async begin(): Promise<void> {
    await this.#look()
    await this.#scrape(true)
  }

  async act(action: Action): Promise<void> {
    switch (action.type) {
      case 'start':
        this.#start()
        break
      case 'look':
        await this.#look()
        break
      case 'scrape':
        await this.#scrape(true)
        break
      case 'unanswered':
        await this.#scrape(false)
        break
      case 'scrape_full':
        await this.#scrapeFull(action.pages)
        break
      case 'prepare':
        await this.#life?.keeper.prepare()
        break
      case 'wait':
        this.#stage.clock.ms += (action.percent / 100) * this.#stage.graceMs
        break
      case 'disk':
        this.#setDisk(action.full)
        break
      case 'terminate':
        await this.#terminate()
        break
      case 'kill':
        await this.#kill(action)
        break
      case 'copytruncate':
        // What was told but could not be saved must stay where it can be read again.
        if (!this.#exposedUnsaved) this.#world.act(action)
        break
      default:
        this.#world.act(action)
    }
  }

  #setDisk(full: boolean): void {
    if (full) this.#stage.disk.fill(0)
    else this.#stage.disk.empty()
  }

  async #scrapeFull(pages: number): Promise<void> {
    this.#stage.disk.fill(pages * PAGE_BYTES)
    await this.#scrape(true)
    this.#stage.disk.empty()
  }

  /** Whatever was taken away ends, and everything is told. */
  async settle(): Promise<void> {
    this.#stage.disk.empty()
    for (let i = 0; i < 3; i += 1) {
      await this.#look()
      this.#stage.clock.ms += this.#stage.graceMs
    }
    await this.#look()
    const { page, saved } = (await this.#scrape(true)) ?? {}
    if (page === undefined || saved !== true) throw new Error('the last scrape failed')
    this.#toldUnsaved.mustNotExceed(countersOf(page))
    for (const { written } of this.#world.files) this.#stage.tally.records += written.records
  }

  async end(): Promise<void> {
    this.#stage.disk.empty()
    await this.#life?.release()
    this.#state.remove()
    this.#world.end()
  }

  #start(): void {
    const { config, sliceBytes, clock } = this.#stage
    this.#life ??= new Life(config, this.#state.directory, sliceBytes, clock)
  }

  async #look(): Promise<void> {
    this.#start()
    await this.#life?.look()
    coverage.looked(this.#world, this.#stage.graceMs)
  }

  /** undefined: refused, for not everything is read that was there at the start. */
  async #scrape(isAnswered: boolean): Promise<Scraped | undefined> {
    this.#start()
    const life = this.#life
    if (life?.answers !== true) return undefined
    this.#state.remember()
    const scraped = await life.scrape()
    const { page, saved } = scraped
    if (saved) {
      this.#state.committed()
      coverage.committed(this.#world)
    }
    if (!saved) this.#stage.tally.failedCommits += 1
    if (!this.#world.moved) this.#check(scraped)
    if (!isAnswered) return scraped
    const counters = countersOf(page)
    this.#told.mustNotExceed(counters)
    this.#toldByLife.mustNotExceed(counters)
    this.#toldByLife.note(counters)
    if (saved) this.#answered()
    if (saved || !coverage.hasUnsavedEnds(this.#world)) this.#told.note(counters)
    else this.#toldUnsaved.note(counters)
    this.#exposedUnsaved = !saved
    this.#stage.tally.scrapes += 1
    return scraped
  }

  #check({ page }: Scraped): void {
    const world = this.#world
    const figures = figuresOf(page)
    const wrong = world.files.some(({ place }) => place === 'cut')
      ? beyondBounds(figures, world)
      : differenceOf(figures, expectedOf(world))
    if (wrong !== undefined) throw new Error(wrong)
  }

  #answered(): void {
    coverage.answered(this.#world)
    this.#state.answered()
  }

  async #terminate(): Promise<void> {
    const life = this.#life
    if (life === undefined) return
    await this.#look()
    if (await life.keeper.save()) {
      coverage.committed(this.#world)
      this.#answered()
      this.#exposedUnsaved = false
    }
    if (this.#mayDie(false)) await this.#die(() => false)
  }

  async #kill({ end, percent }: Extract<ProcessAction, { type: 'kill' }>): Promise<void> {
    if (this.#life === undefined) return
    if (end === 'busy') return this.#killBusy(percent)
    const torn = end === 'torn' && this.#state.mayBeTorn
    if (!this.#mayDie(torn)) return
    if (torn) this.#state.tear(percent)
    await this.#die(() => torn)
  }

  /** In the middle of a commit, which then may be whole or not. */
  async #killBusy(percent: number): Promise<void> {
    if (!this.#mayDie(false)) return
    const before = this.#state.written()
    const saving = this.#life?.keeper.save()
    for (let i = 0; i < percent / 10; i += 1) await turn()
    await this.#die(async () => {
      await saving
      const after = this.#state.written()
      if (after.ino !== before.ino || after.batches > before.batches)
        coverage.committed(this.#world)
      return false
    })
  }

  #mayDie(torn: boolean): boolean {
    const world = this.#world
    if (this.#exposedUnsaved && coverage.hasUnsavedCuts(world)) return false
    return coverage.mayDie(world, torn)
  }

  /** `torn`: whether the last commit is lost; asked when nobody can commit any more. */
  async #die(torn: () => boolean | Promise<boolean>): Promise<void> {
    const giveBack = this.#state.passOn()
    await this.#life?.release()
    this.#life = undefined
    giveBack()
    coverage.died(this.#world, await torn())
    this.#toldByLife = new Told()
    this.#world.moved = true
    this.#stage.tally.kills += 1
  }
}
