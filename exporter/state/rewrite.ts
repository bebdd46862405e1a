import { rm } from 'node:fs/promises'
import { AppendFile } from './append-file.ts'

/** A new state file that grows beside the old one: parts, and the commits made meanwhile. */
export class Rewrite {
  /** Resolves when the last part is written; rejects if the rewrite was dropped before. */
  readonly parts: Promise<void>
  readonly #path: string
  readonly #iterator: Iterator<Uint8Array>
  #resolve: () => void = () => {}
  #reject: (error: unknown) => void = () => {}
  #file: AppendFile | undefined
  #allTaken = false
  #whole = false
  #dropped: { readonly error: unknown; readonly done: Promise<void> } | undefined

  constructor(path: string, iterator: Iterator<Uint8Array>) {
    this.#path = path
    this.#iterator = iterator
    this.parts = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  /** The file, from the first step until the rewrite is dropped. */
  get file(): AppendFile | undefined {
    return this.#dropped === undefined ? this.#file : undefined
  }

  /** Whether there is a next step. */
  get takesParts(): boolean {
    return !this.#allTaken && this.#dropped === undefined
  }

  /** Whether the next commit that is handed in makes the file a whole state. */
  get whole(): boolean {
    return this.#whole
  }

  /** Makes the file, or takes and writes one part; rejects if that fails. */
  async step(): Promise<void> {
    // Making it is a step of its own: a commit that came in meanwhile goes before the first part.
    if (this.#file === undefined) {
      await rm(this.#path, { force: true })
      this.#file = await AppendFile.create(this.#path)
      return
    }
    const { done, value } = this.#iterator.next()
    if (done !== true) return this.#file.append('part', value)
    this.#allTaken = true
    this.#resolve()
  }

  /** The parts are written, and flushed if they are to be; throws what the rewrite was dropped for. */
  completed(): void {
    if (this.#dropped !== undefined) throw this.#dropped.error
    this.#whole = true
  }

  /** Removes the file, and says why to whoever waits. A second call waits for the first. */
  drop(error: unknown): Promise<void> {
    this.#dropped ??= { error, done: this.#remove() }
    return this.#dropped.done
  }

  async #remove(): Promise<void> {
    // What cannot be removed now is removed by the next rewrite, or at the next start.
    await this.#file?.close().catch(() => {})
    await rm(this.#path, { force: true }).catch(() => {})
    this.#reject(this.#dropped?.error)
  }
}
