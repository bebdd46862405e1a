/** The last resort: a fault of ours in reading one file costs that file, not the process. */
import type { FileSink } from './tail/sink.ts'

export interface Fault {
  /** Told once; the file is not read any further. */
  failed(error: unknown): void
  /** Bytes of the file that are not read for it. */
  lost(bytes: number): void
}

/** The sink, until it throws; from then on its bytes are lost, and counted. */
export function guarded(sink: FileSink, fault: Fault): FileSink {
  let dead = false
  const attempt = (work: () => void) => {
    if (dead) return
    try {
      work()
    } catch (error) {
      dead = true
      fault.failed(error)
    }
  }
  return {
    header: (chunk) => attempt(() => sink.header(chunk)),
    skipToRecord: () => attempt(() => sink.skipToRecord()),
    silent(forMs) {
      let changed = false
      attempt(() => {
        changed = sink.silent(forMs)
      })
      return changed
    },
    closed: () => attempt(() => sink.closed()),
    finished() {
      let finished = false
      attempt(() => {
        finished = sink.finished()
      })
      return finished
    },
    state(row) {
      dead = row.flag(dead)
      sink.state(row)
    },
    feed(chunk, atEnd) {
      let used = chunk.length
      attempt(() => {
        used = sink.feed(chunk, atEnd)
      })
      if (dead) fault.lost(chunk.length)
      return used
    },
  }
}
