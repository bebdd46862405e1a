/** The log files of the stand: how much of which recording is written in a stretch of its time. */
import { appendFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { FIXTURES } from '../../../test/support/fixtures.ts'
import { freshCopy } from '../../demo/fresh-copy.ts'
import type { LogPart, Mood, QlogPart } from './script.ts'

/** A file that still grows, or is still there. */
interface GrowingFile {
  readonly path: string
  /** What is to be written in each of the next stretches. */
  readonly pieces: string[]
}

/** Connections live for so many stretches; so long again their file stays. */
const LIFE = 5

/** Writes one source. */
export interface Writer {
  /** Plays so many seconds of the stand's time. */
  play(seconds: number, mood: Mood): void
}

/** Each connection is a file that grows over some stretches. */
export class QlogWriter implements Writer {
  readonly #part: QlogPart
  readonly #directory: string
  readonly #texts = new Map<string, string>()
  #files: GrowingFile[] = []
  #due = 0
  #opened = 0

  constructor(part: QlogPart, directory: string) {
    this.#part = part
    this.#directory = directory
    mkdirSync(directory)
  }

  play(seconds: number, mood: Mood): void {
    const { recordings, perMinute } = this.#part
    const names = recordings[mood] ?? recordings.calm ?? []
    this.#due += (perMinute * seconds) / 60
    for (; this.#due >= 1; this.#due -= 1) {
      this.#open(names[this.#opened % names.length] as string)
    }
    for (const { path, pieces } of this.#files) {
      const piece = pieces.shift()
      if (piece !== undefined && piece !== '') appendFileSync(path, piece, 'latin1')
      if (pieces.length === 0) rmSync(path)
    }
    this.#files = this.#files.filter(({ pieces }) => pieces.length > 0)
  }

  #open(name: string): void {
    const recorded = this.#text(name)
    const { id, text } = freshCopy(recorded, Date.now() - lengthMs(recorded))
    this.#opened += 1
    const lines = text.split(/(?<=\n)/)
    const share = Math.ceil(lines.length / LIFE)
    const pieces = Array.from({ length: LIFE }, (_, index) =>
      lines.slice(index * share, (index + 1) * share).join(''),
    )
    const stays = Array.from({ length: LIFE }, () => '')
    this.#files.push({ path: join(this.#directory, `${id}.sqlog`), pieces: [...pieces, ...stays] })
  }

  #text(name: string): string {
    const known = this.#texts.get(name)
    if (known !== undefined) return known
    const text = readFileSync(join(FIXTURES, this.#part.folder, `${name}.sqlog`), 'latin1')
    this.#texts.set(name, text)
    return text
  }
}

/** Time of the last record. */
function lengthMs(text: string): number {
  return Number([...text.matchAll(/"time":([\d.]+)/g)].at(-1)?.[1] ?? 0)
}

/** One file that gets line after line, from the beginning again at the end. */
export class LogWriter implements Writer {
  readonly #part: LogPart
  readonly #path: string
  readonly #lines: readonly string[]
  #due = 0
  #next = 0
  #round = 0

  constructor(part: LogPart, path: string) {
    this.#part = part
    this.#path = path
    this.#lines = part.logs.flatMap((log) =>
      readFileSync(join(FIXTURES, log), 'latin1').trimEnd().split('\n'),
    )
    appendFileSync(path, '')
  }

  play(seconds: number, mood: Mood): void {
    this.#due += (this.#part.perMinute * seconds) / 60
    let text = ''
    for (; this.#due >= 1; this.#due -= 1) text += `${this.#line(mood)}\n`
    appendFileSync(this.#path, text, 'latin1')
  }

  #line(mood: Mood): string {
    const { trouble, dated } = this.#part
    for (;;) {
      const line = this.#lines[this.#next] as string
      this.#next += 1
      if (this.#next === this.#lines.length) {
        this.#next = 0
        this.#round += 1
      }
      const isTrouble = trouble?.test(line) ?? false
      if (!isTrouble || mood === 'failing') return dated(line, new Date(), this.#round)
    }
  }
}
