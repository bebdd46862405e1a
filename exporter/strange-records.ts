/** Records that cannot be made out: when there are so many that their log is of another kind. */

/** So many in a row belong to a log of another kind. */
const MANY_RECORDS = 20
/** So few of which none is made out are no accident, once nothing follows them for a while. */
const FEW_RECORDS = 3
/** Milliseconds without a further byte after which a file's records are looked at as a whole. */
const PAUSE_MS = 5_000

export class StrangeRecords {
  #inARow = 0
  /** What the log is not, as the last of them told. */
  #why = ''
  #hasFamiliar = false

  /** Some were made out by an earlier process. */
  restore(hasFamiliar: boolean): void {
    this.#hasFamiliar = hasFamiliar
  }

  /** A record could not be made out; `why` tells what its log is not. Whether these are now many in a row. */
  strange(why: string): boolean {
    this.#inARow += 1
    this.#why = why
    return this.#inARow === MANY_RECORDS
  }

  /** A record was made out. */
  familiar(): void {
    this.#inARow = 0
    this.#hasFamiliar = true
  }

  /** Whether some records were read and none was ever made out. */
  get isAll(): boolean {
    return !this.#hasFamiliar && this.#inARow >= FEW_RECORDS
  }

  /** What the log is not, if that is to be told of one that did not grow for so long. */
  quiet(forMs: number): string | undefined {
    return forMs >= PAUSE_MS && this.isAll ? this.#why : undefined
  }
}
