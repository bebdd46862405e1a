/**
 * All live connections: events go to the trackers, what follows from them to the listeners. Nothing here
 * reads a clock: event time comes with the events, silence is told from outside.
 */
import type { QuicEvent } from '../../qlog-parsers/index.ts'
import { congestionTime } from './congestion-time.ts'
import {
  type Connection,
  idleTimeoutUs,
  newConnection,
  type Origin,
  type StreamFacts,
  wakeNextSecond,
} from './connection.ts'
import type { ConnectionEvent } from './derived.ts'
import { handshake } from './handshake.ts'
import { lastValues } from './last-values.ts'
import { giveUp, lifetime } from './lifetime.ts'
import { loss } from './loss.ts'
import { migration } from './migration.ts'
import { paths } from './paths.ts'
import { recovery } from './recovery.ts'
import { streams } from './streams.ts'
import type { Emit, Tracker } from './tracker.ts'

/** Hears of events of one type, normalised or derived, after the trackers. */
export type ConnectionListener = (event: ConnectionEvent, connection: Connection) => void

/** Who hears of events of a type; asked once for each type. */
export type ListenersOf = (type: ConnectionEvent['type']) => readonly ConnectionListener[]

const TRACKERS: readonly Tracker[] = [
  handshake,
  recovery,
  congestionTime,
  loss,
  streams,
  lastValues,
  paths,
  migration,
  lifetime,
]

type Handler = (event: ConnectionEvent, connection: Connection, emit: Emit) => void

const MOVED = TRACKERS.flatMap((tracker) => (tracker.moved ? [tracker.moved] : []))

/** Least silence before a connection is given up, µs. */
const LEAST_EXPIRY_US = 600_000_000

/** Names of closed connections that one stream remembers: a log that never ends has room for the newest. */
const MOST_OVER = 50_000

/** How often, in event time (µs), a stream of several connections is searched for silent ones. */
const LOOK_EVERY_US = 10_000_000

/** The connections of one stream (file), by group id. */
export interface Stream extends Origin {
  readonly connections: Map<string, Connection>
  /** Groups of connections that closed long ago: only that they existed is remembered, of the newest. */
  readonly over: Set<string>
  /** Event time of the newest event of any of its connections. */
  newestAt: number
  /** Event time at which to look for silent connections again. */
  lookAt: number
  current: Connection | undefined
  currentGroup: string
}

/** What changed in the table since it was saved last. */
export interface TableChanges {
  readonly connections: Connection[]
  readonly over: { readonly stream: Stream; readonly group: string }[]
}

export class ConnectionTable {
  readonly #listenersOf: ListenersOf
  readonly #handlers = new Map<string, readonly Handler[]>()
  readonly #most: number
  readonly #live = new Set<Connection>()
  readonly #open = new Set<Stream>()
  readonly #changes: TableChanges | undefined
  #connection: Connection | undefined
  /** Started by an event that says so, which its trackers have not seen yet. */
  #opened: Connection | undefined
  #streams = 0

  /**
   * `most`: connections that may be live at once; the oldest is evicted, and counted, to make room.
   * `changes`: is told what has to be saved; whoever gives it must empty it.
   */
  constructor(listenersOf: ListenersOf, most = 200_000, changes?: TableChanges) {
    this.#listenersOf = listenersOf
    this.#most = most
    this.#changes = changes
  }

  get liveConnections(): number {
    return this.#live.size
  }

  /** The streams that may go on. */
  get streams(): Iterable<Stream> {
    return this.#open
  }

  stream(source: number, facts: StreamFacts, joinedLate: boolean): Stream {
    this.#streams += 1
    const stream: Stream = {
      id: this.#streams,
      source,
      facts,
      joinedLate,
      connections: new Map(),
      over: new Set(),
      newestAt: 0,
      lookAt: 0,
      current: undefined,
      currentGroup: '',
    }
    this.#open.add(stream)
    return stream
  }

  /** Applies one record's events; `at` is its event time, integer µs. */
  apply(stream: Stream, group: string, at: number, events: readonly QuicEvent[]): void {
    let connection = stream.current
    if (connection === undefined || stream.currentGroup !== group) {
      connection = stream.connections.get(group) ?? this.#start(stream, group, at, events[0])
      stream.current = connection
      stream.currentGroup = group
    }
    this.#connection = connection
    if (!connection.touched) this.#touch(connection)
    if (at > stream.newestAt) stream.newestAt = at
    if (at > connection.now) {
      if (at >= connection.wakeAt && !connection.ended) {
        wakeNextSecond(connection, at)
        for (const moved of MOVED) moved(connection, at, this.#emit)
      }
      connection.now = at
    }
    if (connection.silent) this.#silence(connection, false)
    for (let i = 0; i < events.length; i += 1)
      this.#dispatch(events[i] as QuicEvent, this.#connection)
    if (at >= stream.lookAt) this.#lookAround(stream, at)
  }

  /** The stream has not grown for so long (µs, wall clock): connections fall silent and expire. */
  silent(stream: Stream, forUs: number): void {
    for (const connection of stream.connections.values()) {
      const quiet = forUs + (stream.newestAt - connection.now)
      const idle = idleTimeoutUs(connection)
      if (connection.closedAs !== undefined) {
        if (quiet > idle) this.#forgetRow(stream, connection)
      } else if (quiet > Math.max(LEAST_EXPIRY_US, 3 * idle)) this.#giveUp(connection, 'expired')
      else if (quiet > idle && !connection.silent) this.#silence(connection, true)
    }
  }

  /** Nothing will ever follow: what is open expires at once, at its last event. */
  finish(stream: Stream): void {
    for (const connection of stream.connections.values()) this.#giveUp(connection, 'expired')
    this.#release(stream)
  }

  /** Takes back a connection that was saved; `fill` sets its fields. */
  restore(stream: Stream, group: string, startedAt: number, fill: (row: Connection) => void): void {
    const connection = newConnection(stream, group, startedAt)
    fill(connection)
    stream.connections.set(group, connection)
    if (connection.closedAs === undefined) this.#live.add(connection)
  }

  /** A source is no longer read: its connections are dropped, and counted nowhere. */
  drop(stream: Stream): void {
    for (const connection of stream.connections.values()) this.#live.delete(connection)
    this.#release(stream)
  }

  /** A file that never stops growing is never silent, but connections in it may be. */
  #lookAround(stream: Stream, at: number): void {
    stream.lookAt = at + LOOK_EVERY_US
    if (stream.connections.size > 1) this.silent(stream, 0)
  }

  #start(stream: Stream, group: string, at: number, first?: QuicEvent): Connection {
    const connection = newConnection(stream, group, at)
    stream.connections.set(group, connection)
    if (first?.type === 'connection_opened') {
      this.#opened = connection
      connection.joinedLate = false
      stream.over.delete(group)
    } else if (stream.over.has(group)) {
      // It writes again: its packets count, it does not start or close a second time.
      connection.ended = true
      connection.closedAs = 'unknown'
      return connection
    }
    if (this.#live.size >= this.#most) {
      const [oldest] = this.#live
      if (oldest !== undefined) this.#giveUp(oldest, 'evicted')
    }
    this.#live.add(connection)
    this.#dispatch({ type: 'connection_started' }, connection)
    return connection
  }

  /** A row that is not needed any more makes room; whoever logged 100,000 connections has as many files. */
  #forgetRow(stream: Stream, connection: Connection): void {
    const { group } = connection
    connection.forgotten = true
    stream.connections.delete(group)
    stream.over.add(group)
    if (stream.over.size > MOST_OVER)
      stream.over.delete(stream.over.values().next().value as string)
    stream.current = undefined
    this.#changes?.over.push({ stream, group })
  }

  #release(stream: Stream): void {
    this.#open.delete(stream)
    for (const connection of stream.connections.values()) connection.forgotten = true
    stream.connections.clear()
    stream.current = undefined
  }

  #giveUp(connection: Connection, reason: 'expired' | 'evicted'): void {
    this.#connection = connection
    if (!connection.touched) this.#touch(connection)
    giveUp(connection, reason, this.#emit)
  }

  #touch(connection: Connection): void {
    connection.touched = true
    this.#changes?.connections.push(connection)
  }

  #silence(connection: Connection, silent: boolean): void {
    connection.silent = silent
    this.#dispatch({ type: 'silence', silent }, connection)
  }

  readonly #emit: Emit = (event) => {
    this.#dispatch(event, this.#connection as Connection)
  }

  #dispatch(event: ConnectionEvent, connection: Connection): void {
    const handlers = this.#handlers.get(event.type) ?? this.#resolve(event.type)
    for (let i = 0; i < handlers.length; i += 1) {
      ;(handlers[i] as Handler)(event, connection, this.#emit)
    }
  }

  /** Everyone who takes events of a type: the trackers, the table itself, the listeners. */
  #resolve(type: ConnectionEvent['type']): readonly Handler[] {
    const trackers = TRACKERS.flatMap(({ on }) => (on[type] ? [on[type] as Handler] : []))
    const own = this.#own[type] ?? []
    const handlers = [...trackers, ...own, ...this.#listenersOf(type)]
    this.#handlers.set(type, handlers)
    return handlers
  }

  readonly #own: { readonly [type in ConnectionEvent['type']]?: readonly Handler[] } = {
    close_reason: [
      (_event, connection) => {
        this.#live.delete(connection)
        if (connection.silent) this.#silence(connection, false)
      },
    ],
    connection_opened: [(event, connection) => this.#opens(event as QuicEvent, connection)],
  }

  /** A name that was used before: that connection is over, whether its end was seen or not. */
  #opens(event: QuicEvent, connection: Connection): void {
    if (this.#opened === connection) {
      this.#opened = undefined
      return
    }
    this.#giveUp(connection, 'expired')
    connection.forgotten = true
    const stream = connection.origin as Stream
    stream.current = undefined
    const next = this.#start(stream, connection.group, event.at, event)
    this.#connection = next
    this.#touch(next)
    this.#dispatch(event, next)
  }
}
