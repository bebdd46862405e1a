/** Streams opened: the rise of the highest stream ordinal of each initiator and type (RFC 9000 §2.1). */
import type { Tracker } from './tracker.ts'

export const streams: Tracker = {
  on: {
    packet(event, connection, emit) {
      if (connection.ended) return
      for (let i = 0; i < event.streamIds.length; i += 1) {
        const id = event.streamIds[i] as number
        if (id === connection.lastStreamId) continue
        connection.lastStreamId = id
        const kind = id % 4
        const ordinal = Math.floor(id / 4) + 1
        const before = connection.streams[kind] as number
        if (ordinal <= before) continue
        connection.streams[kind] = ordinal
        const byServer = kind % 2 === 1
        emit({
          type: 'streams_opened',
          initiator: byServer === (connection.facts.vantage === 'server') ? 'local' : 'remote',
          streamType: kind < 2 ? 'bidirectional' : 'unidirectional',
          // Streams that were open before we looked are not openings that we saw.
          count: before === 0 && connection.joinedLate ? 0 : ordinal - before,
        })
      }
    },
  },
}
