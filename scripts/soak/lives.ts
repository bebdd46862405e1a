import { setTimeout as delay } from 'node:timers/promises'
import type { KillableExporter } from '../../test/crashes/support/exporter.ts'
import { between } from '../../test/crashes/support/kills.ts'

/** What the exporter was doing when it was killed, as far as can be told from outside. */
export type Phase = 'starting' | 'catching up' | 'serving' | 'stopping'

const LIFE_MS = [50, 1500] as const
const LONG_LIFE_MS = [1500, 5000] as const
const STOPPING_MS = [0, 300] as const
const LOOK_EVERY_MS = 25
/** Once in so many lives the kill is aimed at the time in which a backlog is read. */
const AIMED_ONE_IN = 10
const AIM_EVERY_MS = 4
const CATCHING_UP_MS = [0, 60] as const

/** One life after the other, each ended by SIGKILL, and at once the next. */
export class Lives {
  readonly kills: Record<Phase, number> = { starting: 0, 'catching up': 0, serving: 0, stopping: 0 }
  readonly #exporter: KillableExporter
  readonly #random: (below: number) => number
  #aimed = false

  constructor(exporter: KillableExporter, random: (below: number) => number) {
    this.#exporter = exporter
    this.#random = random
  }

  get total(): number {
    return Object.values(this.kills).reduce((sum, count) => sum + count, 0)
  }

  /** Lives one life to its end; `whileDead` is called between the two, to leave a backlog or not. */
  async next(whileDead: (backlog: boolean) => void): Promise<void> {
    const random = this.#random
    const { program } = this.#exporter
    let phase = this.#aimed ? await this.#untilCatchingUp() : await this.#liveSomehow()
    if (random(20) === 0 && program.isRunning) {
      phase = 'stopping'
      program.ask('SIGTERM')
      await delay(between(random, STOPPING_MS))
    }
    await program.kill()
    this.kills[phase] += 1
    this.#aimed = random(AIMED_ONE_IN) === 0
    whileDead(this.#aimed)
    program.start()
  }

  async #liveSomehow(): Promise<Phase> {
    const random = this.#random
    const end = performance.now() + between(random, random(15) === 0 ? LONG_LIFE_MS : LIFE_MS)
    let phase: Phase = 'starting'
    for (;;) {
      const left = end - performance.now()
      if (left <= 0) return phase
      await delay(Math.min(left, LOOK_EVERY_MS))
      if (phase !== 'serving') phase = (await this.#look()) ?? phase
    }
  }

  /** Its backlog is long enough to be caught in the middle of. */
  async #untilCatchingUp(): Promise<Phase> {
    let phase: Phase | undefined
    while (phase === undefined && this.#exporter.program.isRunning) {
      await delay(AIM_EVERY_MS)
      phase = await this.#look()
    }
    await delay(between(this.#random, CATCHING_UP_MS))
    return (await this.#look()) ?? phase ?? 'starting'
  }

  async #look(): Promise<Phase | undefined> {
    const status = await this.#exporter.status('/-/ready')
    return status === 503 ? 'catching up' : status === 200 ? 'serving' : undefined
  }
}
