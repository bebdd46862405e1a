/** Compressed files on a real disk, and a source of them that is driven by hand. */
import { utimesSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Test } from 'tap'
import { Archives } from '../../exporter/archives/archives.ts'
import type { TailObserver } from '../../exporter/tail/sink.ts'
import { Tailer, TailShared } from '../../exporter/tail/tailer.ts'
import { LineSink, temporaryDirectory } from './tail-harness.ts'

/** How long a file must be quiet, ms; and the longest that it ever must be. */
export const QUIET_MS = 5000
export const MOST_QUIET_MS = 300_000

const MAX_RECORD_BYTES = 1024 * 1024

/** Archives of one directory; nothing happens but at `look`. */
export interface ArchiveScene {
  readonly dir: string
  readonly sinks: readonly LineSink[]
  readonly seen: {
    readonly lost: Record<string, number>
    readonly errors: string[]
    readonly resets: string[]
    readonly refused: string[]
  }
  /** What the sinks were fed, in order. */
  lines(): string[]
  /** Uncompressed bytes that were used. */
  read(): number
  /** Lets time pass, then looks at everything, and reads what is due. */
  look(afterMs?: number): Promise<void>
  readonly archives: Archives
  readonly tailer: Tailer
}

/** Sets one up; it ends with the test. */
export function archiveScene(
  t: Test,
  {
    dir = temporaryDirectory(t),
    include = ['*.gz', '*.zst'],
    startAt = 'beginning' as 'beginning' | 'end',
  } = {},
): ArchiveScene {
  const clock = { ms: Date.now(), now: () => clock.ms }
  const sinks: LineSink[] = []
  const seen: ArchiveScene['seen'] = { lost: {}, errors: [], resets: [], refused: [] }
  let read = 0
  const open = ({ path }: { readonly path: string }) => {
    const sink = new CountingSink(path, (bytes) => {
      read += bytes
    })
    sinks.push(sink)
    return sink
  }
  const observer: TailObserver = {
    read() {},
    lost: (reason, bytes) => {
      seen.lost[reason] = (seen.lost[reason] ?? 0) + bytes
    },
    fileError: (reason, path) => seen.errors.push(`${reason} ${basename(path)}`),
    fileReset: (reason) => seen.resets.push(reason),
  }
  const refused = (path: string, why: string) => seen.refused.push(`${why} ${basename(path)}`)
  const archives = new Archives({ open, observer, refused, clock, startAt, keepState: true })
  const tailer = new Tailer({
    shared: new TailShared(),
    roots: [dir],
    recursive: false,
    include,
    startAt,
    open,
    observer,
    compressed: archives,
    clock,
    watch: false,
    sweepIntervalMs: 1_000_000,
    rotateGraceMs: 5000,
    maxRecordBytes: MAX_RECORD_BYTES,
  })
  t.teardown(() => Promise.all([tailer.stop(), archives.stop()]))
  return {
    dir,
    sinks,
    seen,
    lines: () => sinks.flatMap(({ lines }) => lines),
    read: () => read,
    look: async (afterMs = QUIET_MS) => {
      clock.ms += afterMs
      await tailer.sweep()
      await archives.idle()
    },
    archives,
    tailer,
  }
}

class CountingSink extends LineSink {
  readonly #count: (bytes: number) => void

  constructor(path: string, count: (bytes: number) => void) {
    super(path, MAX_RECORD_BYTES)
    this.mayChange = true
    this.#count = count
  }

  override feed(chunk: Uint8Array, atEnd: boolean): number {
    const used = super.feed(chunk, atEnd)
    this.#count(used)
    return used
  }
}

/** Unix time, s. */
const LONG_AGO = 1_700_000_000

/** Writes a file that nobody has changed for long. */
export function writeOld(dir: string, name: string, content: Uint8Array | string): string {
  const path = join(dir, name)
  writeFileSync(path, content)
  utimesSync(path, LONG_AGO, LONG_AGO)
  return path
}
