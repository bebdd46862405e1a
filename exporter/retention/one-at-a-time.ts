/** Work of which only one piece is done at any time, in the order in which it was given. */
export class OneAtATime {
  #last: Promise<unknown> = Promise.resolve()

  /** Settles as the work does. */
  do<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work)
    this.#last = result.catch(() => {})
    return result
  }
}
