/** Work done one piece at a time. What is asked for goes first, in its order, before idle work. */
export class WorkQueue {
  readonly #idle: () => (() => Promise<void>) | undefined
  readonly #asked: (() => Promise<void>)[] = []
  #busy = false

  /** `idle` gives the next piece of idle work, if there is any; it must not reject. */
  constructor(idle: () => (() => Promise<void>) | undefined) {
    this.#idle = idle
  }

  /** Settles as the work does. */
  ask<T>(work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#asked.push(() => work().then(resolve, reject))
      this.wake()
    })
  }

  /** Says that there is idle work. */
  wake(): void {
    if (!this.#busy) void this.#run()
  }

  async #run(): Promise<void> {
    this.#busy = true
    for (let work = this.#next(); work !== undefined; work = this.#next()) await work()
    this.#busy = false
  }

  #next(): (() => Promise<void>) | undefined {
    return this.#asked.shift() ?? this.#idle()
  }
}
