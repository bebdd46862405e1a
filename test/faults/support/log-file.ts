import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Test } from 'tap'
import { type Book, header } from './book.ts'

/** How a file is opened: `a` appends wherever the end is, `w` keeps its own position. */
export interface LogFileOptions {
  readonly flags?: 'a' | 'w'
  /** Group id of the connection; the file's name if not given. */
  readonly group?: string
  /** Whether the file begins with a header record, as it does if not said otherwise. */
  readonly header?: boolean
}

/** A qlog file while its writer holds it open; what is written is entered in the book. */
export class LogFile {
  readonly path: string
  readonly fd: number
  readonly #book: Book
  readonly #group: string
  #open = true

  constructor(book: Book, path: string, options: LogFileOptions = {}) {
    mkdirSync(dirname(path), { recursive: true })
    this.path = path
    this.fd = openSync(path, options.flags ?? 'a')
    this.#book = book
    this.#group = options.group ?? basename(path)
    if (options.header !== false) this.begin()
  }

  /** Writes a header record: a trace begins. */
  begin(): void {
    this.write(header(this.#group))
  }

  /** The next `count` numbered records, in one write. */
  append(count: number): void {
    this.write(this.#book.take(count))
  }

  /** Any bytes. */
  write(bytes: string | Uint8Array): void {
    this.#book.written += writeAll(this.fd, bytes)
  }

  close(): void {
    if (this.#open) closeSync(this.fd)
    this.#open = false
  }
}

/** Opens a file for writing that is closed at the end of the test at the latest. */
export function logFile(t: Test, book: Book, path: string, options?: LogFileOptions): LogFile {
  const file = new LogFile(book, path, options)
  t.teardown(() => file.close())
  return file
}

/** A file that was written whole and closed: header and `count` records. */
export function writeLog(book: Book, path: string, count: number, options?: LogFileOptions): void {
  const file = new LogFile(book, path, options)
  file.append(count)
  file.close()
}

/** Writes everything at the descriptor's position; returns the number of bytes. */
export function writeAll(fd: number, bytes: string | Uint8Array): number {
  const buffer = typeof bytes === 'string' ? Buffer.from(bytes) : bytes
  let done = 0
  while (done < buffer.length) done += writeSync(fd, buffer, done)
  return done
}

/** Spreads `steps` actions evenly over `ms`: the duration belongs to the fault. */
export async function over(
  ms: number,
  steps: number,
  act: (step: number) => void | Promise<void>,
): Promise<void> {
  const begun = performance.now()
  for (let step = 0; step < steps; step++) {
    await act(step)
    await delay(Math.max(0, begun + ((step + 1) * ms) / steps - performance.now()))
  }
}
