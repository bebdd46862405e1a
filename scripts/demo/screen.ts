import type { WriteStream } from 'node:tty'
import type { Page } from './page.ts'
import type { Paint } from './paint.ts'
import { progressLine, progressTable } from './progress.ts'

/** Without a terminal, a line every so many seconds is enough. */
const LINE_EVERY_S = 5

/** Where progress is shown: on a terminal in place, elsewhere line by line. */
export class Screen {
  readonly #out: Pick<WriteStream, 'write' | 'columns' | 'isTTY'>
  readonly #paint: Paint
  #drawn = 0
  #nextLineAt = 1

  constructor(out: Pick<WriteStream, 'write' | 'columns' | 'isTTY'>, paint: Paint) {
    this.#out = out
    this.#paint = paint
  }

  /** Shows a page; `seconds` have passed since the beginning. */
  show(page: Page, seconds: number): void {
    if (this.#out.isTTY) this.#redraw(page, seconds)
    else if (seconds >= this.#nextLineAt) {
      this.#nextLineAt += LINE_EVERY_S
      this.#out.write(`${progressLine(page, seconds)}\n`)
    }
  }

  #redraw(page: Page, seconds: number): void {
    // A line that wraps would break the count of lines to go up.
    const fit = (line: string) => line.slice(0, Math.max(1, this.#out.columns - 1))
    const { head, body } = progressTable(page, seconds)
    const lines = [...head.map((line) => this.#paint('dim', fit(line))), ...body.map(fit)]
    const up = this.#drawn > 0 ? `\x1b[${this.#drawn}A` : ''
    this.#out.write(`${up}\r${lines.map((line) => `${line}\x1b[K\n`).join('')}\x1b[J`)
    this.#drawn = lines.length
  }
}
