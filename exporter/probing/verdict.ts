/** Whether a backend is up, from one result after the other: so many in a row change it, one alone never does. */

export type Health = 'up' | 'down'

/** How many results in a row it takes. */
export interface Thresholds {
  /** Good ones, until it is up. */
  readonly rise: number
  /** Bad ones, until it is down. */
  readonly fall: number
}

export class Verdict {
  /** Undefined until `rise` good or `fall` bad results came in a row for the first time. */
  health: Health | undefined
  #thresholds: Thresholds
  #wasGood: boolean | undefined
  #inARow = 0

  /** `health`: what was known before the first result. */
  constructor(thresholds: Thresholds, health?: Health) {
    this.#thresholds = thresholds
    this.health = health
  }

  /** Counts from the next result on. */
  change(thresholds: Thresholds): void {
    this.#thresholds = thresholds
  }

  /** Takes a result in; returns the verdict if this changed it. */
  saw(isGood: boolean): Health | undefined {
    this.#inARow = isGood === this.#wasGood ? this.#inARow + 1 : 1
    this.#wasGood = isGood
    const { rise, fall } = this.#thresholds
    const health = isGood ? 'up' : 'down'
    if (health === this.health || this.#inARow < (isGood ? rise : fall)) return undefined
    this.health = health
    return health
  }
}
