/**
 * Where an event begins in the middle of a contained file whose structure is not known: after a torn one,
 * or where reading begins late. Any bracket may be that of a frame or a header field; an event is told by
 * the first member that writers give it, or by the columns of draft-00 and draft-01.
 */
import { COLON, isBlank, OPEN, OPEN_LIST } from './json-text.ts'

const EVENT =
  /^(?:\{\s*"(?:(?:relative_|delta_)?time|group_id)"\s*:|\{\s*"name"\s*:\s*"[\w-]+:|\{\s*"data"\s*:\s*\{|\[\s*"?[\d.]+"?\s*,\s*(?:\d+\s*,\s*)?"[A-Za-z])/

/** What an event must show of itself, in bytes. */
const LOOK = 64

const latin1 = new TextDecoder('latin1')

/** Position of the first event at or behind `from` that shows itself before `end`, or -1. */
export function eventStart(bytes: Uint8Array, from: number, end: number): number {
  for (let at = from; at < end; at += 1) {
    const byte = bytes[at]
    if (byte !== OPEN && byte !== OPEN_LIST) continue
    if (isMember(bytes, from, at)) continue
    if (EVENT.test(latin1.decode(bytes.subarray(at, Math.min(end, at + LOOK))))) return at
  }
  return -1
}

/** Up to where bytes can be given up in which no event was found: one may begin near their end. */
export function givenUp(bytes: Uint8Array, from: number): number {
  let at = Math.max(from, bytes.length - LOOK)
  while (at < bytes.length && bytes[at] !== OPEN && bytes[at] !== OPEN_LIST) at += 1
  const colon = lastWritten(bytes, from, at)
  return colon >= from && bytes[colon] === COLON && at - colon < LOOK ? colon : at
}

/** Whether what begins here is the value of a member: a colon is before it. */
function isMember(bytes: Uint8Array, from: number, at: number): boolean {
  const before = lastWritten(bytes, from, at)
  return before >= from && bytes[before] === COLON
}

/** Position of the last byte before `at` that is not blank; below `from` if there is none. */
function lastWritten(bytes: Uint8Array, from: number, at: number): number {
  let before = at - 1
  while (before >= from && isBlank(bytes[before] as number)) before -= 1
  return before
}
