/**
 * What becomes of the paths of h2o's connections, in quicly's own words: a path is validated by the answer to
 * the PATH_CHALLENGE that was sent on it, has failed if it is deleted without one, and `promote-path` is the
 * move. The newest path without a challenge is the one on which the next new challenge is sent.
 */
import type { MigrationKind, QuicEvent } from '../events.ts'

interface Path {
  readonly index: number
  readonly openedAt: number
  challengedAt: number | undefined
  data: string | undefined
  validated: boolean
  /** The client sent more than probes from it. */
  elicited: boolean
}

interface Moves {
  readonly paths: Path[]
  /** Since the last move the client itself showed that it moves. */
  peerMoved: boolean
}

/** What a connection's paths are in saved state. */
type Saved = readonly [connection: string, peerMoved: boolean, paths: readonly Path[]]

/** Paths of one connection at once; quicly has room for 4. */
const MOST_PATHS = 8
/** Connections whose paths are known at once. */
const MOST_CONNECTIONS = 10_000
const MOST_DATA = 32
/** A validation that the connection's end cuts short after less says nothing (µs). */
const FAILED_AFTER_US = 1_000_000

export class H2ologPaths {
  readonly #moves = new Map<string, Moves>()

  opened(connection: string, index: number, at: number): void {
    // The first path is that of the handshake.
    if (index === 0) return
    const { paths } = this.#of(connection)
    drop(paths, index)
    paths.push({
      index,
      openedAt: at,
      challengedAt: undefined,
      data: undefined,
      validated: false,
      elicited: false,
    })
    if (paths.length > MOST_PATHS) paths.shift()
  }

  challenged(connection: string, data: string, at: number): void {
    const paths = this.#moves.get(connection)?.paths ?? []
    const written = data.slice(0, MOST_DATA)
    if (paths.some((path) => path.data === written)) return
    const path = paths.findLast((one) => one.data === undefined)
    if (path === undefined) return
    path.data = written
    path.challengedAt = at
  }

  /** The answer to a challenge: validated once. */
  answered(connection: string, data: string, at: number): QuicEvent | undefined {
    const paths = this.#moves.get(connection)?.paths ?? []
    const path = paths.find((one) => one.data === data.slice(0, MOST_DATA))
    if (path === undefined || path.validated) return undefined
    path.validated = true
    return { type: 'path_validated', at, durationUs: Math.max(0, at - (path.challengedAt ?? at)) }
  }

  elicited(connection: string, index: number): void {
    const path = this.#moves.get(connection)?.paths.find((one) => one.index === index)
    if (path !== undefined) path.elicited = true
  }

  peerMoved(connection: string): void {
    const moves = this.#moves.get(connection)
    if (moves !== undefined) moves.peerMoved = true
  }

  promoted(connection: string, index: number, at: number): QuicEvent {
    const moves = this.#of(connection)
    drop(moves.paths, index)
    return { type: 'migration', at, kind: kindOf(moves), failed: false }
  }

  deleted(connection: string, index: number, at: number): readonly QuicEvent[] {
    const moves = this.#moves.get(connection)
    const path = moves === undefined ? undefined : drop(moves.paths, index)
    if (moves === undefined || path === undefined || path.validated) return []
    if (at - path.openedAt < FAILED_AFTER_US) return [{ type: 'path_validation_abandoned', at }]
    const failed: QuicEvent = { type: 'path_validation_failed', at }
    if (!path.elicited) return [failed]
    return [failed, { type: 'migration', at, kind: kindOf(moves), failed: true }]
  }

  /** The connection is over: quicly deletes its paths behind that, and what they were waiting for is settled here. */
  ended(connection: string, at: number): readonly QuicEvent[] {
    const indexes = this.#moves.get(connection)?.paths.map(({ index }) => index) ?? []
    const events = indexes.flatMap((index) => this.deleted(connection, index, at))
    this.forget(connection)
    return events
  }

  forget(connection: string): void {
    this.#moves.delete(connection)
  }

  state(): readonly Saved[] {
    return [...this.#moves].map(([connection, { paths, peerMoved }]) => [
      connection,
      peerMoved,
      paths,
    ])
  }

  restore(saved: readonly Saved[]): void {
    for (const [connection, peerMoved, paths] of saved) {
      this.#moves.set(connection, { paths: paths.map((path) => ({ ...path })), peerMoved })
    }
  }

  #of(connection: string): Moves {
    const known = this.#moves.get(connection)
    if (known !== undefined) return known
    const moves: Moves = { paths: [], peerMoved: false }
    this.#moves.set(connection, moves)
    if (this.#moves.size > MOST_CONNECTIONS) {
      this.#moves.delete(this.#moves.keys().next().value as string)
    }
    return moves
  }
}

/** As for other producers: a PATH_CHALLENGE or RETIRE_CONNECTION_ID received shows a move on purpose. */
function kindOf(moves: Moves): MigrationKind {
  const { peerMoved } = moves
  moves.peerMoved = false
  return peerMoved ? 'active' : 'nat_rebinding'
}

function drop(paths: Path[], index: number): Path | undefined {
  const place = paths.findIndex((path) => path.index === index)
  return place < 0 ? undefined : paths.splice(place, 1)[0]
}
