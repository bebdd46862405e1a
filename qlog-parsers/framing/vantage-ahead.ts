/**
 * The vantage point of a contained trace that does not name it before its events: aioquic writes members in
 * alphabetical order, so that it comes last. It is looked for in the next 64 KiB. If it is not there, who
 * sends the first packet or datagram is the client (RFC 9000 §7): that is an inference, and is said to be one.
 */
import {
  bracketEnd,
  CLOSE,
  CLOSE_LIST,
  COMMA,
  INCOMPLETE,
  isBlank,
  OPEN,
  OPEN_LIST,
  QUOTE,
  scalarEnd,
  stringEnd,
} from './json-text.ts'

/** How far to look, bytes. */
export const MOST_AHEAD = 64 * 1024

const FIRST_PACKET = /"(?:[a-z0-9_-]+:)?(?:(?:udp_)?datagrams?|packet)_(sent|received)"/i
const latin1 = new TextDecoder('latin1')

/**
 * Text of the value of `vantage_point` for the trace whose first event begins at `start`; `undefined` if nothing
 * tells it, INCOMPLETE if more bytes are needed to know. `atEnd`: no more will come.
 */
export function vantageAhead(
  bytes: Uint8Array,
  start: number,
  atEnd: boolean,
): string | undefined | typeof INCOMPLETE {
  const end = Math.min(bytes.length, start + MOST_AHEAD)
  const behind = behindEvents(bytes, start, end)
  const written = behind < 0 ? INCOMPLETE : writtenVantage(bytes, behind, end)
  if (typeof written === 'string') return written
  if (written === INCOMPLETE && end < start + MOST_AHEAD && !atEnd) return INCOMPLETE
  const first = FIRST_PACKET.exec(latin1.decode(bytes.subarray(start, behind < 0 ? end : behind)))
  if (first === null) return undefined
  const type = first[1]?.toLowerCase() === 'sent' ? 'client' : 'server'
  return JSON.stringify({ type, inferred: true })
}

/** Position behind the bracket that closes the list; INCOMPLETE or MALFORMED. */
function behindEvents(bytes: Uint8Array, start: number, end: number): number {
  for (let at = start; at < end; ) {
    const byte = bytes[at] as number
    if (byte === CLOSE_LIST) return at + 1
    if (isBlank(byte) || byte === COMMA) at += 1
    else {
      const isBracket = byte === OPEN || byte === OPEN_LIST
      at = isBracket ? bracketEnd(bytes, at, end) : scalarEnd(bytes, at, end)
      if (at < 0) return at
    }
  }
  return INCOMPLETE
}

/** The value of `vantage_point` among the members from `start` on; undefined if the object ends without. */
function writtenVantage(
  bytes: Uint8Array,
  start: number,
  end: number,
): string | undefined | typeof INCOMPLETE {
  let key = ''
  for (let at = start; at < end; ) {
    const byte = bytes[at] as number
    if (byte === CLOSE) return undefined
    let behind = at + 1
    if (byte === QUOTE) {
      behind = stringEnd(bytes, behind, end)
      if (behind > 0) key = latin1.decode(bytes.subarray(at + 1, behind - 1))
    } else if (byte === OPEN || byte === OPEN_LIST) {
      behind = bracketEnd(bytes, at, end)
      if (behind > 0 && key === 'vantage_point') return utf8.decode(bytes.subarray(at, behind))
    }
    if (behind < 0) return behind === INCOMPLETE ? INCOMPLETE : undefined
    at = behind
  }
  return INCOMPLETE
}

const utf8 = new TextDecoder('utf-8')
