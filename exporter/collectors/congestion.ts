/** Congestion control: time in each state and entries into it. */
import { CONGESTION_STATES } from '../../qlog-parsers/index.ts'
import { TIMED_STATES } from '../connections/derived.ts'
import type { Collector } from './collector.ts'

export const congestion: Collector = (metrics) => {
  const seconds = metrics.counter({
    name: 'quic_congestion_state_seconds_total',
    help: 'Connection time in each congestion state; the rest of a gap of more than 1 s between events is idle.',
    labels: { state: TIMED_STATES },
    unit: 'seconds',
    signal: 'congestionStates',
  })
  const transitions = metrics.counter({
    name: 'quic_congestion_state_transitions_total',
    help: 'Entries into each congestion state.',
    labels: { state: CONGESTION_STATES },
    signal: 'congestionStates',
  })
  return {
    congestion_time(event, { source }) {
      seconds.add(source, event.us, event.state)
    },
    congestion_state_entered(event, { source }) {
      transitions.add(source, 1, event.state)
    },
  }
}
