/** The state on its disk from life to life, and what a death in the middle of a commit leaves of it. */
import {
  linkSync,
  mkdirSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  truncateSync,
} from 'node:fs'
import { join } from 'node:path'
import { loadState } from '../../../exporter/state/load-state.ts'

/** Which file the state is, and how much of it whole commits have written. */
interface Written {
  readonly ino: number
  readonly batches: number
}

export class KeptState {
  readonly #disk: string
  #lives = 0
  #before: Stats | undefined
  /** Where the last commit begins in its file; undefined: it has replaced the file. */
  #unanswered: { readonly from: number | undefined } | undefined

  /** `disk`: a directory of its own. */
  constructor(disk: string) {
    this.#disk = disk
    mkdirSync(this.directory)
  }

  /** What the present life is given. */
  get directory(): string {
    return join(this.#disk, `life-${this.#lives}`)
  }

  /** Whether the last commit may still come to be torn: nothing shows that it was whole. */
  get mayBeTorn(): boolean {
    return this.#unanswered !== undefined
  }

  /** A commit is about to be written. */
  remember(): void {
    rmSync(this.#newCopy, { force: true })
    this.#before = statSync(this.#state, { throwIfNoEntry: false })
    if (this.#before !== undefined) linkSync(this.#state, this.#newCopy)
  }

  /** It was written. */
  committed(): void {
    const before = this.#before
    if (before !== undefined) renameSync(this.#newCopy, this.#copy)
    const isAppended = before?.ino === statSync(this.#state).ino
    this.#unanswered = { from: isAppended ? before?.size : undefined }
  }

  /** An answer followed it. */
  answered(): void {
    this.#unanswered = undefined
  }

  /** What the last commit has written is cut, or the file that it replaced stands again. */
  tear(percent: number): void {
    const from = this.#unanswered?.from
    if (from === undefined) {
      renameSync(this.#copy, this.#state)
      return
    }
    const { size } = statSync(this.#state)
    truncateSync(this.#state, from + Math.floor(((size - from) * percent) / 101))
  }

  /** From now on the present life can commit to it no more; returns what gives its directory back. */
  passOn(): () => void {
    const { directory } = this
    const state = this.#state
    this.#lives += 1
    mkdirSync(this.directory)
    renameSync(state, this.#state)
    this.#unanswered = undefined
    return () => rmSync(directory, { recursive: true })
  }

  /** What is in it; throws if there is none. */
  written(): Written {
    const state = loadState(this.directory)
    if (state.type !== 'state') throw new Error('there is no state')
    return { ino: statSync(this.#state).ino, batches: state.batches.length }
  }

  /** Takes everything away. */
  remove(): void {
    rmSync(this.directory, { recursive: true, force: true })
    for (const copy of [this.#copy, this.#newCopy]) rmSync(copy, { force: true })
  }

  get #state(): string {
    return join(this.directory, 'state')
  }

  get #copy(): string {
    return join(this.#disk, 'state-before')
  }

  /** Becomes the copy if the commit is written. */
  get #newCopy(): string {
    return join(this.#disk, 'state-before.new')
  }
}
