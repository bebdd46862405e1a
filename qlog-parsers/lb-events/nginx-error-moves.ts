/**
 * Moves of clients in nginx's error log. A move is opened by `migrated to path seq:K` and settled by
 * `path seq:K … successfully validated`, `is restored from backup` (it failed), or by a minute of silence or
 * another move (nothing more is heard: it happened). nginx also validates the path that was left, of another
 * seq: that is neither a move nor a validation of one. A path with a seq not above all before is known to
 * nginx: it goes back there without validating. An unbroken run of failed or refused moves is one that failed.
 */
import type { LineOutput } from '../log-dialect.ts'

/** nginx gives up a validation after 7 s or 7 probe timeouts. */
const PATIENCE_US = 60_000_000
/** Connections of which something is awaited at once; beyond them the oldest is settled. */
const MOST = 10_000

interface Row {
  /** The highest seq that it moved to. */
  readonly top: number
  readonly pending?: number
  readonly failing?: true
  readonly touched: number
}

/** As it is saved: connection, top, pending or -1, failing, touched. */
export type MovesState = readonly (readonly [string, number, number, 0 | 1, number])[]

export class Moves {
  /** By the time of their last line, oldest first. */
  readonly #rows = new Map<string, Row>()

  migrated(connection: string, seq: number, at: number, out: LineOutput): void {
    const { row, failing, top } = this.#of(connection)
    if (row?.pending !== undefined && !failing) moved(at, out)
    if (seq > top) {
      this.#keep(connection, { top: seq, pending: seq, ...flag(failing), touched: at }, out)
      return
    }
    moved(at, out)
    this.#keep(connection, { top, touched: at }, out)
  }

  validated(connection: string, seq: number, at: number, out: LineOutput): void {
    const { row, top } = this.#of(connection)
    if (row?.pending !== seq) return
    out.endpoint({ type: 'path_validated', at })
    moved(at, out)
    this.#keep(connection, { top, touched: at }, out)
  }

  /** The path that was moved to is given up; `seq` if the line says which. */
  failed(connection: string, seq: number | undefined, at: number, out: LineOutput): void {
    const { row, failing, top } = this.#of(connection)
    if (row?.pending === undefined || (seq !== undefined && seq !== row.pending)) return
    out.endpoint({ type: 'path_validation_failed', at })
    if (!failing) movedInVain(at, out)
    this.#keep(connection, { top, failing: true, touched: at }, out)
  }

  /** The client is elsewhere and nginx has no connection id to answer with; said for every packet. */
  refused(connection: string, at: number, out: LineOutput): void {
    const { row, failing, top } = this.#of(connection)
    if (!failing) movedInVain(at, out)
    const { pending } = row ?? {}
    const waits = pending === undefined ? {} : { pending }
    this.#keep(connection, { top, ...waits, failing: true, touched: at }, out)
  }

  /** Settles what waited too long, all if `at` is undefined; whether there was any. */
  settle(at: number | undefined, out: LineOutput): boolean {
    let any = false
    for (const [connection, { touched }] of this.#rows) {
      if (at !== undefined && at - touched <= PATIENCE_US) break
      this.#forget(connection, out)
      any = true
    }
    return any
  }

  state(): MovesState {
    return [...this.#rows].map(([connection, { top, pending = -1, failing, touched }]) => [
      connection,
      top,
      pending,
      failing ? 1 : 0,
      touched,
    ])
  }

  restore(state: MovesState): void {
    for (const [connection, top, pending, failing, touched] of state) {
      const waits = pending < 0 ? {} : { pending }
      this.#rows.set(connection, { top, ...waits, ...flag(failing === 1), touched })
    }
  }

  #of(connection: string): { row: Row | undefined; failing: boolean; top: number } {
    const row = this.#rows.get(connection)
    return { row, failing: row?.failing === true, top: row?.top ?? 0 }
  }

  #keep(connection: string, row: Row, out: LineOutput): void {
    this.#rows.delete(connection)
    this.#rows.set(connection, row)
    const [oldest] = this.#rows.keys()
    if (this.#rows.size > MOST && oldest !== undefined) this.#forget(oldest, out)
  }

  #forget(connection: string, out: LineOutput): void {
    const { row, failing } = this.#of(connection)
    this.#rows.delete(connection)
    if (row?.pending !== undefined && !failing) moved(row.touched, out)
  }
}

function flag(failing: boolean): { failing?: true } {
  return failing ? { failing } : {}
}

function moved(at: number, out: LineOutput): void {
  out.endpoint({ type: 'migration', at, kind: 'unknown', failed: false })
}

function movedInVain(at: number, out: LineOutput): void {
  out.endpoint({ type: 'migration', at, kind: 'unknown', failed: true })
}
