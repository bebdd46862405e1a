import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  rmSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { RowFields } from '../../exporter/state/row.ts'
import type { FileSink } from '../../exporter/tail/sink.ts'
import type { TailerOptions } from '../../exporter/tail/tailer.ts'
import { Tailer, TailShared } from '../../exporter/tail/tailer.ts'

const LF = 10

/** Frames at LF, keeps every line, checks that it is called as the contract says. */
export class LineSink implements FileSink {
  readonly path: string
  readonly lines: string[] = []
  readonly headers: string[] = []
  silentMs: number[] = []
  tooLong = 0
  ended = false
  isClosed = false
  /** Set where files are truncated: what was offered and not used may then be another thing next time. */
  mayChange = false
  isFinished = false
  readonly #maxRecordBytes: number
  #unused = Buffer.alloc(0)
  #skipping = false
  #discarding = false

  constructor(path: string, maxRecordBytes: number) {
    this.path = path
    this.#maxRecordBytes = maxRecordBytes
  }

  header(chunk: Uint8Array): void {
    this.headers.push(Buffer.from(chunk).toString())
  }

  skipToRecord(): void {
    this.#skipping = true
    this.#discarding = false
    this.#unused = Buffer.alloc(0)
  }

  feed(chunk: Uint8Array, atEnd: boolean): number {
    if (this.isClosed || this.ended) throw new Error('fed after the end')
    if (!atEnd && chunk.length <= this.#unused.length) throw new Error('offered again, not longer')
    if (!this.mayChange && !this.#unused.equals(chunk.subarray(0, this.#unused.length))) {
      if (chunk.length > 0) throw new Error('something else is offered again')
    }
    this.ended = atEnd
    const used = this.#use(chunk, atEnd)
    this.#unused = Buffer.from(chunk.subarray(used))
    return used
  }

  #use(chunk: Uint8Array, atEnd: boolean): number {
    let used = 0
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, used)) {
      if (!this.#skipping && !this.#discarding) this.#take(chunk.subarray(used, end))
      this.#skipping = false
      this.#discarding = false
      used = end + 1
    }
    const rest = chunk.length - used
    if (this.#skipping || this.#discarding) return chunk.length
    if (rest > this.#maxRecordBytes) {
      this.tooLong++
      this.#discarding = true
      return chunk.length
    }
    if (!atEnd) return used
    if (rest > 0) this.#take(chunk.subarray(used))
    return chunk.length
  }

  silent(forMs: number): boolean {
    this.silentMs.push(forMs)
    return false
  }

  closed(): void {
    if (!this.ended) throw new Error('closed before the end')
    this.isClosed = true
  }

  finished(): boolean {
    return this.isFinished
  }

  /** What it goes on with in another process; the lines stay with this one. */
  state(row: RowFields): void {
    this.#skipping = row.flag(this.#skipping)
    this.#discarding = row.flag(this.#discarding)
  }

  #take(line: Uint8Array): void {
    this.lines.push(Buffer.from(line).toString())
  }
}

/** A tailer over a fresh directory, driven by hand, with everything it said. */
export interface Harness {
  readonly dir: string
  readonly tailer: Tailer
  readonly clock: { ms: number; now(): number }
  readonly sinks: readonly LineSink[]
  readonly seen: {
    read: number
    readonly lost: Record<string, number>
    readonly errors: string[]
    readonly resets: string[]
  }
  /** All lines of all files in the order in which their sinks were opened. */
  lines(): string[]
  /** Bytes read, lost and waiting. */
  accounted(): number
  /** Sweeps, then lets the grace time pass and sweeps until what is gone is closed. */
  settle(): Promise<void>
}

/** The time that a file that is gone is kept in these tests, in ms. */
export const GRACE_MS = 5000

/** Sets up a tailer that does nothing until `tailer.sweep()`; removed when the test ends. */
export function harness(t: Test, options: Partial<TailerOptions> = {}, mayChange = false): Harness {
  const dir = temporaryDirectory(t)
  const clock = {
    ms: Date.now(),
    now(): number {
      return this.ms
    },
  }
  const sinks: LineSink[] = []
  const seen: Harness['seen'] = { read: 0, lost: {}, errors: [], resets: [] }
  const maxRecordBytes = options.maxRecordBytes ?? 1024 * 1024
  const tailer = new Tailer({
    shared: new TailShared(),
    roots: [dir],
    recursive: false,
    include: ['*.sqlog'],
    startAt: 'beginning',
    open: ({ path }) => {
      const sink = new LineSink(path, maxRecordBytes)
      sink.mayChange = mayChange
      sinks.push(sink)
      return sink
    },
    observer: {
      read: (bytes) => {
        seen.read += bytes
      },
      lost: (reason, bytes) => {
        seen.lost[reason] = (seen.lost[reason] ?? 0) + bytes
      },
      fileError: (reason, path) => seen.errors.push(`${reason} ${path.replace(`${dir}/`, '')}`),
      fileReset: (reason) => seen.resets.push(reason),
    },
    clock,
    watch: false,
    sweepIntervalMs: 1000,
    rotateGraceMs: GRACE_MS,
    maxRecordBytes,
    ...options,
  })
  t.teardown(() => tailer.stop())
  return {
    dir,
    tailer,
    clock,
    sinks,
    seen,
    lines: () => sinks.flatMap(({ lines }) => lines),
    accounted: () => {
      const lost = Object.values(seen.lost).reduce((sum, bytes) => sum + bytes, 0)
      return seen.read + lost + tailer.status().lagBytes
    },
    settle: async () => {
      for (let i = 0; i < 3; i++) {
        await tailer.sweep()
        clock.ms += GRACE_MS
      }
      await tailer.sweep()
    },
  }
}

/** A directory that is removed when the test ends. */
export function temporaryDirectory(t: Test): string {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'tail-')))
  t.teardown(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

/** Numbered lines of `length` bytes, LF included. */
export function numbered(from: number, count: number, length = 40): string {
  let text = ''
  for (let i = from; i < from + count; i++) text += `${String(i).padEnd(length - 1, '.')}\n`
  return text
}

/** The numbers of such lines. */
export function numbersOf(lines: readonly string[]): number[] {
  return lines.map((line) => Number.parseInt(line, 10))
}

/** 0 … count − 1. */
export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i)
}

/** Appends, creating the directory if needed. */
export function append(dir: string, name: string, text: string | Uint8Array): void {
  mkdirSync(dir, { recursive: true })
  appendFileSync(join(dir, name), text)
}

/** The files below `dir` that this process holds open, deleted ones included. */
export function openBelow(dir: string): string[] {
  return readdirSync('/proc/self/fd')
    .map(linkedTo)
    .filter((path) => path.startsWith(dir))
}

function linkedTo(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`)
  } catch {
    return ''
  }
}

/** Waits until `condition` holds; fails the test after `withinMs`. */
export async function until(t: Test, condition: () => boolean, withinMs = 10_000): Promise<number> {
  const begun = performance.now()
  while (!condition()) {
    if (performance.now() - begun > withinMs) {
      t.fail(`nothing happened within ${withinMs} ms`)
      break
    }
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  return performance.now() - begun
}
