/** Someone who has work that can be done in short turns. */
export interface TurnTaker {
  /** Works for one turn; true if there is more to do. */
  takeTurn(): boolean
}

/**
 * Hands out turns, one per round of the event loop and to each taker in order, so that the process
 * answers requests between any two of them.
 */
export class Turns {
  readonly #waiting = new Set<TurnTaker>()
  #scheduled = false

  /** Gives `taker` a turn as soon as possible, and more until it has nothing to do. */
  request(taker: TurnTaker): void {
    this.#waiting.add(taker)
    this.#schedule()
  }

  /** Takes back a request. */
  cancel(taker: TurnTaker): void {
    this.#waiting.delete(taker)
  }

  #schedule(): void {
    if (this.#scheduled || this.#waiting.size === 0) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      for (const taker of this.#waiting) {
        this.#waiting.delete(taker)
        if (taker.takeTurn()) this.#waiting.add(taker)
        break
      }
      this.#schedule()
    })
  }
}
