/** Everything that is probed, from the configuration, from files and from what balancers name. */
import type { Upstream } from '../../qlog-parsers/index.ts'
import { backendProbeMetrics } from '../collectors/backend-probes.ts'
import { frontProbeMetrics } from '../collectors/front-probes.ts'
import { type ProbingMetrics, probingMetrics } from '../collectors/probing.ts'
import { type ModuleOf, modulesOf } from '../config/modules.ts'
import type { Config } from '../config/schema.ts'
import type { Logger } from '../logging.ts'
import type { MetricStore } from '../metrics/store.ts'
import { backendProber } from '../probers/index.ts'
import { LADDER, QUIC_RUNGS } from '../probers/quic/ladder.ts'
import { BackendProbes } from './backend-probes.ts'
import { MACHINE_CLOCK, type ProbeClock } from './clock.ts'
import { Discoveries } from './discoveries.ts'
import { FrontProbes } from './front-probes.ts'
import { frontSpecs } from './front-spec.ts'
import { type Answer, type Ask, OnDemand } from './on-demand.ts'
import { OwnProbes } from './own-probes.ts'
import { resolveAll } from './resolve-all.ts'
import { roomProblem, turnsProblem } from './room.ts'
import { Scheduler } from './scheduler.ts'
import { TargetsFiles } from './targets-files.ts'
import { type SavedVerdict, savedVerdicts, Verdicts } from './verdicts.ts'
import { wantedBackends } from './wanted.ts'

export type ProbingConfig = Pick<Config, 'backends' | 'modules' | 'targets' | 'probes' | 'sources'>

export interface ProbingParts {
  readonly store: MetricStore
  readonly log: Logger
  /** The machine's if not given. */
  readonly clock?: ProbeClock
  /** For the jitter, from 0 to below 1. */
  readonly random?: () => number
}

/** How many backends and front doors are probed, and how they are. */
export interface ProbingSummary {
  readonly backends: number
  readonly up: number
  readonly down: number
  readonly targets: number
  /** `reason`: of the last failure; undefined if it was before this process. */
  readonly downBackends: readonly { readonly name: string; readonly reason: string | undefined }[]
  readonly fronts: readonly {
    readonly name: string
    /** `last`: why the last probe failed, empty if it did not; undefined before the first. */
    readonly rungs: readonly { readonly rung: string; readonly last: string | undefined }[]
  }[]
}

export class Probing {
  /** By what its probes are known again where a balancer logs them. */
  readonly own = new OwnProbes()
  readonly #parts: ProbingParts
  readonly #metrics: ProbingMetrics
  readonly #clock: ProbeClock
  readonly #scheduler: Scheduler
  readonly #verdicts: Verdicts
  readonly #backends: BackendProbes
  readonly #fronts: FrontProbes
  readonly #onDemand: OnDemand
  readonly #discoveries: Discoveries
  #config: ProbingConfig
  #moduleOf: ModuleOf
  #files: TargetsFiles
  #isStarted = false
  #warned = ''

  constructor(config: ProbingConfig, parts: ProbingParts) {
    const { store, log, clock = MACHINE_CLOCK, random = Math.random } = parts
    this.#parts = parts
    this.#clock = clock
    this.#config = config
    this.#moduleOf = modulesOf(config.modules)
    const backendMetrics = backendProbeMetrics(store)
    const frontMetrics = frontProbeMetrics(store, QUIC_RUNGS)
    this.#metrics = probingMetrics(store)
    this.#discoveries = new Discoveries(this.#metrics)
    this.#scheduler = new Scheduler({
      clock,
      random,
      maxConcurrent: config.probes.maxConcurrent,
      began: (delayMs) => this.#metrics.began(delayMs),
    })
    this.#verdicts = new Verdicts(clock)
    const common = { store, clock, log, scheduler: this.#scheduler }
    const make = (target: Parameters<typeof backendProber>[0]) => backendProber(target)
    this.#backends = new BackendProbes({
      ...common,
      metrics: backendMetrics,
      make,
      verdicts: this.#verdicts,
    })
    this.#fronts = new FrontProbes({
      ...common,
      metrics: frontMetrics,
      make,
      climb: (rung, target, timeoutMs) =>
        LADDER[rung](target, { resolve: resolveAll, ids: this.own, timeoutMs }),
    })
    this.#onDemand = new OnDemand(this.#backends, this.#fronts, make, clock)
    this.#files = this.#open(config)
  }

  /** Verdicts of an earlier process; before the start. */
  restore(saved: readonly SavedVerdict[]): void {
    this.#verdicts.restore(saved)
  }

  start(): void {
    this.#isStarted = true
    this.#fronts.change(frontSpecs(this.#config, this.#moduleOf))
    this.#apply()
    this.#files.start()
  }

  /** Whether anything is probed now. */
  get isUsed(): boolean {
    return this.#backends.size > 0 || this.#fronts.size > 0
  }

  /** For people: how many there are, and how they are. */
  get summary(): ProbingSummary {
    const { all } = this.#backends
    const down = all.filter(({ health }) => health === 'down')
    return {
      backends: all.length,
      up: all.filter(({ health }) => health === 'up').length,
      down: down.length,
      targets: this.#fronts.size,
      downBackends: down.map(({ name, lastFailure }) => ({ name, reason: lastFailure })),
      fronts: this.#fronts.all.map(({ spec, rungs }) => ({
        name: spec.name,
        rungs: rungs.map(({ rung, last }) => ({ rung, last })),
      })),
    }
  }

  /** What is to be saved. */
  saved(): readonly SavedVerdict[] {
    return savedVerdicts(this.#backends.all)
  }

  /** Takes over another configuration; what stays the same goes on as if nothing had happened. */
  change(config: ProbingConfig): void {
    const before = this.#files
    this.#config = config
    this.#moduleOf = modulesOf(config.modules)
    this.#discoveries.keep(config)
    before.stop()
    this.#files = this.#open(config, before)
    this.#scheduler.limit(config.probes.maxConcurrent)
    if (!this.#isStarted) return
    this.#fronts.change(frontSpecs(config, this.#moduleOf))
    this.#apply()
    this.#files.start()
  }

  /** A balancer said which servers it has. */
  discovered(name: string, source: number, upstreams: readonly Upstream[]): void {
    const isNew = this.#discoveries.heard(name, { source, upstreams }, this.#config)
    if (isNew && this.#isStarted) this.#apply()
  }

  /** A source is gone, and with it what it named. */
  forget(name: string): void {
    if (this.#discoveries.forget(name) && this.#isStarted) this.#apply()
  }

  /** One probe for somebody who asks. Rejects only with a fault of a prober. */
  ask(ask: Ask): Promise<Answer> {
    return this.#onDemand.ask(ask, this.#moduleOf)
  }

  /** No further probes; resolves when those that are going on have ended. */
  async stop(): Promise<void> {
    this.#isStarted = false
    this.#files.stop()
    this.#backends.halt()
    this.#fronts.halt()
    await this.#scheduler.stop()
  }

  #open({ probes, modules }: ProbingConfig, before?: TargetsFiles): TargetsFiles {
    const options = {
      files: probes.targetsFiles,
      modules,
      metrics: this.#metrics,
      clock: this.#clock,
      log: this.#parts.log,
      changed: () => this.#apply(),
    }
    return new TargetsFiles(options, before)
  }

  /** Probes what is named now. */
  #apply(): void {
    const { log, store } = this.#parts
    const { specs, refused } = wantedBackends(
      this.#config,
      this.#moduleOf,
      this.#files.targets,
      (taken) => this.#discoveries.named(this.#config, this.#moduleOf, taken),
    )
    this.#backends.change(specs)
    if (this.isUsed) this.#metrics.opened()
    const problems = [
      ...refused,
      roomProblem([...specs.values()], store),
      turnsProblem([...specs.values()], this.#config.probes.maxConcurrent),
    ].filter((problem) => problem !== undefined)
    const told = problems.join('; ')
    if (told !== '' && told !== this.#warned) {
      for (const problem of problems.slice(0, 10))
        log.warn('probing is not as it should be', { why: problem })
    }
    this.#warned = told
  }
}
