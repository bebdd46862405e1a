/** One connection: fields only. Each group belongs to the tracker that is named after it. */
import type { Capabilities, EcnState } from '../../qlog-parsers/index.ts'
import type { CloseReason, TimedState } from './derived.ts'
import { LEAST_MTU, type LossState, newLoss } from './loss.ts'
import { newPaths, type PathsState } from './path-state.ts'
import { newRecovery, type RecoveryState } from './recovery.ts'

/** What the file that a connection is read from has told; it may turn out to tell more. */
export interface StreamFacts {
  capabilities: Capabilities
  readonly vantage: 'server' | 'client'
}

/** The file that a connection is read from. */
export interface Origin {
  /** Number of the stream, for the state. */
  readonly id: number
  /** Index of the source in the metric store. */
  readonly source: number
  readonly facts: StreamFacts
  /** The file was not read from its beginning: start, handshake and totals are not known. */
  readonly joinedLate: boolean
}

/** What every packet touches lies in the row itself: 10,000 connections do not fit into a cache. */
export interface Connection {
  readonly origin: Origin
  /** What it is called in its stream. */
  readonly group: string
  /** It changed since the state was saved, and is in the list of those that did. */
  touched: boolean
  /** Its stream does not hold it any more. */
  forgotten: boolean
  readonly source: number
  readonly facts: StreamFacts
  /** Its beginning was not seen. */
  joinedLate: boolean
  /** Event time of the first event, integer µs. */
  readonly startedAt: number
  /** Event time of the newest event; never goes back. */
  now: number
  /** Event time from which the trackers must hear that time moves: the next second, or sooner. */
  wakeAt: number
  ended: boolean
  /** Event time of its end; undefined while it lives. */
  endedAt: number | undefined
  closedAs: CloseReason | undefined
  silent: boolean
  readonly idle: { localUs: number; remoteUs: number }
  handshakeCompleted: boolean
  firstReceivedAt: number | undefined
  lastReceivedAt: number | undefined
  /** Packets sent that carried a number. */
  packetsSent: number
  /** Longest packet sent on this path that was no probe, or the MTU that the producer logged. */
  mtuKnown: number
  /** Packets were declared lost that an ACK may still cover. */
  lossOutstanding: boolean
  /** Of the newest received 1-RTT packet. */
  receivedDestinationId: string | undefined
  /** Since the last finished path validation the peer itself showed that it moves. */
  peerMoved: boolean
  /** The stream that was named last; −1 for none. */
  lastStreamId: number
  zeroRttUsed: boolean
  versionKnown: boolean
  ecn: EcnState | undefined
  mtuBytes: number | undefined
  /** Highest stream ordinal by stream id type (RFC 9000 §2.1), 0 for none. */
  readonly streams: [number, number, number, number]
  readonly congestion: { state: TimedState | undefined; since: number }
  readonly recovery: RecoveryState
  readonly loss: LossState
  readonly paths: PathsState
}

const SECOND_US = 1_000_000

/** A connection whose first event is about to be applied. */
export function newConnection(origin: Origin, group: string, startedAt: number): Connection {
  return {
    origin,
    group,
    touched: false,
    forgotten: false,
    source: origin.source,
    facts: origin.facts,
    joinedLate: origin.joinedLate,
    startedAt,
    now: startedAt,
    wakeAt: startedAt + SECOND_US,
    ended: false,
    endedAt: undefined,
    closedAs: undefined,
    silent: false,
    idle: { localUs: 0, remoteUs: 0 },
    handshakeCompleted: false,
    firstReceivedAt: undefined,
    lastReceivedAt: undefined,
    packetsSent: 0,
    mtuKnown: LEAST_MTU,
    lossOutstanding: false,
    receivedDestinationId: undefined,
    peerMoved: false,
    lastStreamId: -1,
    zeroRttUsed: false,
    versionKnown: false,
    ecn: undefined,
    mtuBytes: undefined,
    streams: [0, 0, 0, 0],
    congestion: { state: undefined, since: startedAt },
    recovery: newRecovery(),
    loss: newLoss(),
    paths: newPaths(),
  }
}

/** Idle time-out in force (RFC 9000 §10.1), µs: the smaller of both sides' that is not 0; 30 s if unknown. */
export function idleTimeoutUs(connection: Connection): number {
  const { localUs, remoteUs } = connection.idle
  if (localUs > 0 && remoteUs > 0) return Math.min(localUs, remoteUs)
  return Math.max(localUs, remoteUs) || 30_000_000
}

/** Sets `wakeAt` to the next whole second since the start; trackers may ask for sooner. */
export function wakeNextSecond(connection: Connection, at: number): void {
  const { startedAt } = connection
  const second = Math.floor((at - startedAt) / SECOND_US) + 1
  connection.wakeAt = startedAt + second * SECOND_US
}
