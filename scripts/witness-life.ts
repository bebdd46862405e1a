// The witness's reading of when a connection starts, when it ends and when its handshake is complete.
import { type EventData, framesOf, type QlogEvent } from './witness-stream.ts'

/** From when to when a connection lives; `lastIndex` is the event that ends it. */
export interface Life {
  readonly start: number
  readonly end: number
  readonly lastIndex: number
  readonly closed: boolean
  /** Index of the event that completed the handshake (server: HANDSHAKE_DONE sent), or -1. */
  readonly handshakeIndex: number
}

/** Finds start, end and handshake completion; a stream without a close ends at its last event. */
export function lifeOf(events: readonly QlogEvent[]): Life {
  const closeIndex = events.findIndex(isClose)
  const lastIndex = closeIndex < 0 ? events.length - 1 : closeIndex
  const handshakeIndex = events.findIndex(
    (event, index) => index <= lastIndex && isHandshakeComplete(event),
  )
  return {
    start: events[0]?.t ?? 0,
    end: events[lastIndex]?.t ?? 0,
    lastIndex,
    closed: closeIndex >= 0,
    handshakeIndex,
  }
}

function isClose(event: QlogEvent): boolean {
  if (event.name === 'connection_closed') return true
  if (event.name === 'connection_state_updated') {
    return /^(closing|draining|closed)$/.test(stateIn(event.data))
  }
  if (event.data.header?.packet_type === 'stateless_reset') return true
  return framesOf(event).some((frame) => frame.frame_type === 'connection_close')
}

function stateIn(data: EventData): string {
  return String(data.new ?? data.state ?? '')
}

function isHandshakeComplete(event: QlogEvent): boolean {
  if (event.name === 'connection_state_updated') {
    return /^handshake_(complete|confirmed)$/.test(stateIn(event.data))
  }
  if (event.name !== 'packet_sent') return false
  return framesOf(event).some((frame) => frame.frame_type === 'handshake_done')
}
