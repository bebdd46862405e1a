/**
 * Recovery metrics in force, and the busy seconds in which they are sampled: a busy second is a whole
 * second of event time since the connection's first event in which recovery metrics were written. It is
 * told when an event of a later second, or the end, is applied.
 */
import type { Connection } from './connection.ts'
import type { Emit, Tracker } from './tracker.ts'

export interface RecoveryState {
  smoothedRttUs: number | undefined
  rttVariationUs: number | undefined
  /** Smallest measured minimum over all paths. */
  minRttUs: number | undefined
  congestionWindow: number | undefined
  bytesInFlight: number | undefined
  /** Largest value in force during the current second. */
  maxBytesInFlight: number | undefined
  pacingRate: number | undefined
  maxAckDelayUs: number
  /** Undefined until the first record of a connection that was joined late. */
  ptoCount: number | undefined
  second: number
  busy: boolean
}

/** RFC 9000 §18.2: the default of max_ack_delay. */
const DEFAULT_MAX_ACK_DELAY_US = 25_000
const SECOND_US = 1_000_000

export function newRecovery(): RecoveryState {
  return {
    smoothedRttUs: undefined,
    rttVariationUs: undefined,
    minRttUs: undefined,
    congestionWindow: undefined,
    bytesInFlight: undefined,
    maxBytesInFlight: undefined,
    pacingRate: undefined,
    maxAckDelayUs: DEFAULT_MAX_ACK_DELAY_US,
    ptoCount: undefined,
    second: 0,
    busy: false,
  }
}

export const recovery: Tracker = {
  moved(connection, at, emit) {
    const state = connection.recovery
    const second = Math.floor((at - connection.startedAt) / SECOND_US)
    if (second <= state.second) return
    settle(connection, emit)
    state.second = second
  },
  on: {
    parameters(event, connection) {
      if (event.side === 'remote' && event.maxAckDelayUs !== undefined) {
        connection.recovery.maxAckDelayUs = event.maxAckDelayUs
      }
    },
    recovery_metrics(event, connection, emit) {
      if (connection.ended) return
      const state = connection.recovery
      if (event.initialGuess) {
        // A guess after a measurement: recovery began anew on another path.
        if (state.smoothedRttUs !== undefined) emit({ type: 'path_reset', at: event.at })
      } else {
        state.smoothedRttUs = event.smoothedRttUs ?? state.smoothedRttUs
        state.rttVariationUs = event.rttVariationUs ?? state.rttVariationUs
        const min = event.minRttUs
        if (min !== undefined) state.minRttUs = Math.min(min, state.minRttUs ?? min)
      }
      state.congestionWindow = event.congestionWindow ?? state.congestionWindow
      state.pacingRate = event.pacingRate ?? state.pacingRate
      if (event.bytesInFlight !== undefined) {
        state.bytesInFlight = event.bytesInFlight
        state.maxBytesInFlight = Math.max(event.bytesInFlight, state.maxBytesInFlight ?? 0)
      }
      if (event.ptoCount !== undefined) {
        const rise =
          event.ptoCount - (state.ptoCount ?? (connection.joinedLate ? event.ptoCount : 0))
        state.ptoCount = event.ptoCount
        if (rise > 0) emit({ type: 'pto_expired', count: rise })
      }
      state.busy = true
    },
    path_reset(_event, connection) {
      connection.recovery.smoothedRttUs = undefined
      connection.recovery.rttVariationUs = undefined
    },
    connection_ended(_event, connection, emit) {
      settle(connection, emit)
    },
  },
}

function settle(connection: Connection, emit: Emit): void {
  const state = connection.recovery
  if (state.busy && !connection.ended) emit({ type: 'busy_second' })
  state.busy = false
  state.maxBytesInFlight = state.bytesInFlight
}

/** Probe timeout of RFC 9002 §6.2.1, µs; with the initial RTT where nothing was measured. */
export function probeTimeoutUs(state: RecoveryState): number {
  const smoothed = state.smoothedRttUs ?? 333_000
  const variation = state.rttVariationUs ?? smoothed / 2
  return Math.round(smoothed + Math.max(4 * variation, 1_000) + state.maxAckDelayUs)
}
