/** Verdicts of an earlier process, for as long as they are young enough to go on with. */
import type { BackendProbe } from './backend-probe.ts'
import type { ProbeClock } from './clock.ts'
import type { Health } from './verdict.ts'

/** An older verdict says nothing any more. */
export const LONGEST_VERDICT_MS = 300_000

/** One verdict, as data that survives JSON: `at` is when the backend was probed last, Unix ms. */
export interface SavedVerdict {
  readonly backend: string
  readonly question: string
  readonly health: Health
  readonly at: number
}

interface Known {
  readonly health: Health
  readonly probedAtMs: number
}

export class Verdicts {
  readonly #clock: ProbeClock
  readonly #saved = new Map<string, SavedVerdict>()

  constructor(clock: ProbeClock) {
    this.#clock = clock
  }

  restore(saved: readonly SavedVerdict[]): void {
    for (const verdict of saved) this.#saved.set(verdict.backend, verdict)
  }

  /** The verdict on a backend that was asked the same, once; a clock that was set back makes none young. */
  take(backend: string, question: string): Known | undefined {
    const saved = this.#saved.get(backend)
    this.#saved.delete(backend)
    if (saved?.question !== question) return undefined
    const age = this.#clock.wall() - saved.at
    if (age < 0 || age > LONGEST_VERDICT_MS) return undefined
    return { health: saved.health, probedAtMs: saved.at }
  }
}

/** What is to be saved. */
export function savedVerdicts(probes: readonly BackendProbe[]): readonly SavedVerdict[] {
  return probes.flatMap(({ name, question, health, probedAtMs }) =>
    health === undefined || probedAtMs === undefined
      ? []
      : [{ backend: name, question, health, at: probedAtMs }],
  )
}
