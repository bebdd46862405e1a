/**
 * Declared and spurious loss. A packet that its sender declared lost and that a later received ACK covers
 * had arrived: spurious. Where the producer says so itself, its word counts instead. A lost path-MTU
 * probe is no loss: a packet of PING and PADDING only, longer than the current MTU.
 */
import type { PacketNumberSpace } from '../../qlog-parsers/index.ts'
import type { Connection } from './connection.ts'
import type { Emit, Tracker } from './tracker.ts'

export interface LossState {
  declared: number
  spurious: number
  /** Declared lost and not acknowledged since, ascending, by space; only where ACKs tell. */
  readonly outstanding: Record<PacketNumberSpace, number[]>
  /** Numbers of path-MTU probes under way or lost, newest last. */
  readonly probes: number[]
}

/** Every path carries datagrams of this size (RFC 9000 §14.1): nothing shorter probes its MTU. */
export const LEAST_MTU = 1_200

/** Newest lost numbers that are remembered for each space. */
const MOST_OUTSTANDING = 4_096
const MOST_PROBES = 64

export function newLoss(): LossState {
  return {
    declared: 0,
    spurious: 0,
    outstanding: { initial: [], handshake: [], application: [] },
    probes: [],
  }
}

export const loss: Tracker = {
  on: {
    packet(event, connection) {
      if (event.direction !== 'sent' || event.number === undefined) return
      if (!connection.ended) connection.packetsSent += 1
      const bytes = event.bytes ?? 0
      if (bytes <= connection.mtuKnown) return
      if (!event.probeOnly) connection.mtuKnown = bytes
      else if (event.packetType === '1rtt') {
        remember(connection.loss.probes, event.number, MOST_PROBES)
      }
    },
    path_mtu(event, connection) {
      connection.mtuKnown = event.bytes
    },
    path_validated(_event, connection) {
      // MTU discovery begins anew on the new path (RFC 9000 §14.3).
      connection.mtuKnown = LEAST_MTU
    },
    packets_lost(event, connection, emit) {
      const state = connection.loss
      const { number, space = 'application', isMtuProbe } = event
      const isProbe =
        number !== undefined && space === 'application' && state.probes.includes(number)
      if (isProbe || isMtuProbe) {
        emit({ type: 'mtu_probe_lost' })
        return
      }
      if (!connection.ended) state.declared += event.count
      if (number !== undefined && connection.facts.capabilities.spuriousLoss === 'acks') {
        remember(state.outstanding[space], number, MOST_OUTSTANDING)
        connection.lossOutstanding = true
      }
      const { count, trigger, bytes } = event
      emit({ type: 'loss_declared', count, trigger, ...(bytes === undefined ? {} : { bytes }) })
    },
    spurious_loss(event, connection, emit) {
      if (event.space === 'application' && connection.loss.probes.includes(event.number)) return
      spurious(connection, emit)
    },
    ack_received(event, connection, emit) {
      if (!connection.lossOutstanding) return
      const outstanding = connection.loss.outstanding[event.space]
      const { ranges } = event
      let lowest = Number.POSITIVE_INFINITY
      for (let i = 0; i < ranges.length; i += 2) lowest = Math.min(lowest, ranges[i] as number)
      for (let i = outstanding.length - 1; i >= 0; i -= 1) {
        const number = outstanding[i] as number
        if (number < lowest) break
        if (!covered(number, ranges)) continue
        outstanding.splice(i, 1)
        spurious(connection, emit)
      }
    },
  },
}

function spurious(connection: Connection, emit: Emit): void {
  if (!connection.ended) connection.loss.spurious += 1
  emit({ type: 'loss_spurious' })
}

function covered(number: number, ranges: readonly number[]): boolean {
  for (let i = 0; i < ranges.length; i += 2) {
    if (number >= (ranges[i] as number) && number <= (ranges[i + 1] as number)) return true
  }
  return false
}

/** Inserts into an ascending list of bounded length; the smallest make room. */
function remember(numbers: number[], number: number, most: number): void {
  let at = numbers.length
  while (at > 0 && (numbers[at - 1] as number) > number) at -= 1
  if (numbers[at - 1] === number) return
  numbers.splice(at, 0, number)
  if (numbers.length > most) numbers.shift()
}
