/** Everything that `serve` runs behind its web server: sources, metrics, state. */
import { isDeepStrictEqual } from 'node:util'
import { Checkpoint } from './checkpoint.ts'
import { processMetrics } from './collectors/process.ts'
import { retentionMetrics } from './collectors/retention.ts'
import {
  type ReloadMetrics,
  reloadMetrics,
  type StateMetrics,
  stateMetrics,
} from './collectors/state.ts'
import { tailingMetrics } from './collectors/tailing.ts'
import type { LoadedConfig } from './config/load.ts'
import type { Config } from './config/schema.ts'
import type { TableChanges } from './connections/table.ts'
import type { Logger } from './logging.ts'
import { renderStore } from './metrics/render.ts'
import { runtimeMetrics } from './metrics/runtime.ts'
import { createPipeline, type Pipeline } from './pipeline.ts'
import { Probing } from './probing/probing.ts'
import { tellReload } from './reload-notes.ts'
import { OneAtATime } from './retention/one-at-a-time.ts'
import { Sources } from './sources.ts'
import type { LoadedState } from './state/load-state.ts'
import { StateFile } from './state/state-file.ts'
import { StateKeeper } from './state-keeper.ts'
import { defaultMaxOpenFiles } from './tail/open-files.ts'
import { TailShared } from './tail/tailer.ts'
import { REVISION, VERSION } from './version.ts'

/** Time for a last look at the files when told to stop; the server's own grace comes after it. */
const LAST_LOOK_MS = 500
/** Between two looks at what is still to be read after a start. */
const LOOK_BEHIND_MS = 100

export class Exporter {
  readonly sources: Sources
  readonly probing: Probing
  readonly keeper: StateKeeper | undefined
  readonly #pipeline: Pipeline
  readonly #reloads: ReloadMetrics
  readonly #publish: (lastScrapeUs: number | undefined) => void
  readonly #runtime = runtimeMetrics()
  readonly #checkpoint: Checkpoint
  readonly #state: StateMetrics | undefined
  readonly #storage: Config['storage']
  readonly #maxCatchupMs: number
  #probed: ReturnType<typeof probedBy>
  readonly #log: Logger
  #lastScrapeUs: number | undefined
  #startedAt = 0
  #catchingUp: readonly string[] = []
  #isReady = false
  #lookingBehind: NodeJS.Timeout | undefined

  constructor(config: Config, log: Logger) {
    const { storage } = config
    this.#storage = storage
    this.#probed = probedBy(config)
    const changes: TableChanges | undefined =
      storage.path === undefined ? undefined : { connections: [], over: [] }
    this.#log = log
    this.#maxCatchupMs = config.startup.maxCatchupMs
    this.#pipeline = createPipeline(
      {
        maxSeries: config.metrics.maxSeries,
        maxConnections: config.connections.max,
        backends: config.backends,
      },
      changes,
    )
    const { metrics } = this.#pipeline
    // Before anything may find that there is no room: what overflows is counted by metric.
    this.probing = new Probing(config, { store: metrics, log })
    const maxOpenFiles = Math.min(config.tail.maxOpenFiles, defaultMaxOpenFiles())
    this.sources = new Sources(config, {
      pipeline: this.#pipeline,
      tailing: tailingMetrics(metrics),
      shared: new TailShared(maxOpenFiles),
      keepState: changes !== undefined,
      retention: {
        metrics: retentionMetrics(metrics),
        saveForGood: async () => this.keeper?.saveForGood() ?? false,
        compressing: new OneAtATime(),
      },
      discovery: this.probing,
      own: this.probing.own,
      log,
    })
    const process_ = processMetrics(
      metrics,
      { version: VERSION, revision: REVISION, nodeVersion: process.version },
      { files: maxOpenFiles, connections: config.connections.max },
    )
    this.#publish = (lastScrapeUs) => process_.status(lastScrapeUs)
    this.#reloads = reloadMetrics(metrics)
    this.#reloads.reloaded(true, Date.now() * 1000)
    this.#checkpoint = new Checkpoint(
      this.#pipeline,
      changes ?? { connections: [], over: [] },
      () => this.sources.all,
      undefined,
      this.probing,
    )
    if (storage.path === undefined) return
    this.#state = stateMetrics(metrics)
    this.#state.restored(false)
    const file = new StateFile(storage.path, storage.fsync, (error) => this.keeper?.failed(error))
    this.keeper = new StateKeeper(file, this.#checkpoint, this.#state, log)
  }

  /** Takes over what an earlier process saved; before `start`. Throws if it cannot be read. */
  restore(state: LoadedState & { readonly type: 'state' }): void {
    const { sources, clean, cleanMetrics } = this.#checkpoint.restore(state.batches)
    this.#state?.restored(true)
    this.#catchingUp = sources
    this.#log.info('state restored', { sources: sources.join(','), damage: state.damage })
    if (clean.length > 0) {
      this.#log.warn(
        'sources that begin anew: they were not there before, or read something else',
        {
          sources: clean.join(','),
        },
      )
    }
    if (cleanMetrics.length > 0) {
      this.#log.warn('metrics that begin at 0: their shape changed', {
        metrics: cleanMetrics.join(','),
      })
    }
  }

  start(): void {
    if (this.keeper === undefined) {
      this.#log.warn('no storage.path: a restart begins at 0 and does not count what was missed')
    }
    this.#startedAt = performance.now()
    this.sources.start()
    this.probing.start()
    this.keeper?.start()
    if (this.#catchingUp.length > 0) this.#tellCaughtUp(this.#catchingUp)
  }

  /** What was there at the start has been read, or took too long. */
  get ready(): boolean {
    this.#isReady ||= this.#waitedLong() || this.sources.all.every(({ ready }) => ready)
    return this.#isReady
  }

  /** Why there is no page now: counters would be those of an earlier moment. */
  gate(): string | undefined {
    if (this.#catchingUp.length === 0) return undefined
    const behind = this.#behind(this.#catchingUp)
    if (behind.length > 0 && !this.#waitedLong()) {
      return 'catching up with what was written since the last start'
    }
    if (behind.length > 0) {
      this.#log.warn('scrapes are answered though not everything is read yet', {
        sources: behind.join(','),
      })
    }
    this.#catchingUp = []
    return undefined
  }

  #behind(sources: readonly string[]): string[] {
    const behind = this.sources.all.filter(({ name, ready }) => !ready && sources.includes(name))
    return behind.map(({ name }) => name)
  }

  /** Says when all that was written since the last start has been read, however long that takes. */
  #tellCaughtUp(sources: readonly string[]): void {
    this.#lookingBehind = setInterval(() => {
      if (this.#behind(sources).length > 0) return
      clearInterval(this.#lookingBehind)
      const seconds = Math.round(performance.now() - this.#startedAt) / 1000
      this.#log.info('caught up', { seconds })
    }, LOOK_BEHIND_MS).unref()
  }

  #waitedLong(): boolean {
    return performance.now() - this.#startedAt > this.#maxCatchupMs
  }

  /** The page, shown only after what it says was saved. */
  async page(): Promise<string> {
    await this.keeper?.prepare()
    const begun = performance.now()
    for (const source of this.sources.all) source.publish()
    this.#publish(this.#lastScrapeUs)
    // In one turn: what is saved is what is shown.
    const own = renderStore(this.#pipeline.metrics)
    const saved = this.keeper?.saveNow()
    const [text, runtime] = await Promise.all([own, this.#runtime(), saved])
    this.#lastScrapeUs = Math.round((performance.now() - begun) * 1000)
    return `${text}\n${runtime}`
  }

  /** Changes the sources to those of another configuration; returns what is wrong with it, and then changes nothing. */
  async reload({ config, errors }: LoadedConfig): Promise<readonly string[]> {
    const moved = config !== undefined && !isDeepStrictEqual(config.storage, this.#storage)
    const problems = moved ? ['storage: cannot change while the exporter runs'] : (errors ?? [])
    const good = config !== undefined && !moved
    if (good) {
      const before = this.probing.summary
      this.probing.change(config)
      const changes = await this.sources.change(config)
      const changed = !isDeepStrictEqual(probedBy(config), this.#probed)
      this.#probed = probedBy(config)
      tellReload(changes, { before, after: this.probing.summary, changed }, this.#log)
    }
    this.#reloads.reloaded(good, Date.now() * 1000)
    return problems
  }

  /** A last look at the files; what it finds is on the next page. */
  async lookOnce(): Promise<void> {
    await Promise.all(
      this.sources.all.map((source) => Promise.race([source.sweep(), after(LAST_LOOK_MS)])),
    )
  }

  /** Stops reading, and saves a last time. */
  async stop(): Promise<void> {
    clearInterval(this.#lookingBehind)
    await Promise.all([...this.sources.all.map((source) => source.stop()), this.probing.stop()])
    await this.keeper?.stop()
  }
}

/** What says what is probed, and how. */
function probedBy({ backends, modules, targets, probes, sources }: Config) {
  const discovering = sources.filter(({ discover }) => discover !== undefined)
  const discoveries = discovering.map(({ name, discover }) => ({ name, discover }))
  const known = backends.filter(({ probe }) => probe !== undefined)
  return { known, modules, targets, probes, discoveries }
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref())
}
