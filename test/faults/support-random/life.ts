/** The exporter in this process without its server: nothing runs by itself. */
import { Checkpoint } from '../../../exporter/checkpoint.ts'
import { stateMetrics } from '../../../exporter/collectors/state.ts'
import { tailingMetrics } from '../../../exporter/collectors/tailing.ts'
import type { Config } from '../../../exporter/config/schema.ts'
import type { TableChanges } from '../../../exporter/connections/table.ts'
import type { Logger } from '../../../exporter/logging.ts'
import { renderStore } from '../../../exporter/metrics/render.ts'
import { createPipeline, type Pipeline } from '../../../exporter/pipeline.ts'
import { Sources } from '../../../exporter/sources.ts'
import { loadState } from '../../../exporter/state/load-state.ts'
import { StateFile } from '../../../exporter/state/state-file.ts'
import { StateKeeper } from '../../../exporter/state-keeper.ts'
import { TailShared } from '../../../exporter/tail/tailer.ts'
import { type Page, parsePage } from '../../support/page.ts'

const MAX_OPEN_FILES = 1000

const SILENT: Logger = { debug() {}, info() {}, warn() {}, error() {} }

/** A page, and whether what it says was saved before. */
export interface Scraped {
  readonly page: Page
  readonly saved: boolean
}

export class Life {
  readonly sources: Sources
  readonly keeper: StateKeeper
  readonly #pipeline: Pipeline
  readonly #restored: boolean

  /**
   * Goes on from the state in `directory`, if there is one; throws if it cannot be used. What changed
   * is saved in slices of `sliceBytes`.
   */
  constructor(config: Config, directory: string, sliceBytes: number, clock: { now(): number }) {
    const changes: TableChanges = { connections: [], over: [] }
    this.#pipeline = createPipeline({}, changes)
    const { metrics } = this.#pipeline
    this.sources = new Sources(config, {
      pipeline: this.#pipeline,
      tailing: tailingMetrics(metrics),
      shared: new TailShared(MAX_OPEN_FILES),
      keepState: true,
      clock,
      log: SILENT,
    })
    const sources = () => this.sources.all
    const checkpoint = new Checkpoint(this.#pipeline, changes, sources, sliceBytes)
    const state = loadState(directory)
    if (state.type === 'unusable') throw new Error(state.why)
    this.#restored = state.type === 'state'
    if (state.type === 'state') checkpoint.restore(state.batches)
    const file = new StateFile(directory, 'never', (error) => this.keeper.failed(error))
    this.keeper = new StateKeeper(file, checkpoint, stateMetrics(metrics), SILENT)
  }

  /** Whether a scrape is answered: what was there at the start has been read. */
  get answers(): boolean {
    return !this.#restored || this.sources.all.every(({ ready }) => ready)
  }

  /** Reads all that is there. */
  async look(): Promise<void> {
    await Promise.all(this.sources.all.map((source) => source.sweep()))
  }

  /** The page, saved before it is shown. */
  async scrape(): Promise<Scraped> {
    await this.keeper.prepare()
    const page = this.#page()
    const saved = await this.keeper.saveNow()
    return { page: parsePage(await page), saved }
  }

  /** The page as it is, without saving. */
  async page(): Promise<Page> {
    return parsePage(await this.#page())
  }

  #page(): Promise<string> {
    for (const source of this.sources.all) source.publish()
    return renderStore(this.#pipeline.metrics)
  }

  /** Gives everything back; what it still saves is meant for nobody. */
  async release(): Promise<void> {
    await Promise.all(this.sources.all.map((source) => source.stop()))
    await this.keeper.stop()
  }
}
