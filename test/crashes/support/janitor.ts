import { setTimeout as delay } from 'node:timers/promises'
import type { KillableExporter } from './exporter.ts'
import type { SteadyWriting } from './steady-writing.ts'
import type { Writer } from './writer.ts'

const EVERY_MS = 2500
const LOOK_EVERY_MS = 30

/**
 * Deletes ended files as soon as a page says that all was read: then only the state knows of them. The
 * writer holds its breath until the page says so, however often the exporter is killed meanwhile.
 */
export class Janitor {
  deleted = 0
  readonly #exporter: KillableExporter
  readonly #writing: SteadyWriting
  readonly #writer: Writer
  readonly #working: Promise<void>
  #stopped = false

  constructor(exporter: KillableExporter, writing: SteadyWriting, writer: Writer) {
    this.#exporter = exporter
    this.#writing = writing
    this.#writer = writer
    this.#working = this.#work()
  }

  /** Resolves when it has put its broom away. */
  stop(): Promise<void> {
    this.#stopped = true
    return this.#working
  }

  async #work(): Promise<void> {
    while (!this.#stopped) {
      await delay(EVERY_MS)
      this.#writing.pause()
      while (!this.#stopped && !(await this.#isAllRead())) await delay(LOOK_EVERY_MS)
      if (this.#stopped) return
      for (const name of this.#writing.ended.splice(0)) {
        this.#writer.remove(name)
        this.deleted += 1
      }
      this.#writing.resume()
    }
  }

  async #isAllRead(): Promise<boolean> {
    const page = await this.#exporter.page()
    return page?.value('quic_exporter_read_bytes_total') === this.#writer.book.bytes
  }
}
