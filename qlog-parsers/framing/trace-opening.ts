/** The beginning of a contained qlog file, or of one of its traces, up to its first event. */
import {
  CLOSE,
  CLOSE_LIST,
  COLON,
  COMMA,
  INCOMPLETE,
  isBlank,
  OPEN,
  OPEN_LIST,
  QUOTE,
  stringEnd,
} from './json-text.ts'

/** A trace whose `events` opened. */
export interface TraceOpening {
  /** Position behind the bracket that opens `events`. */
  readonly end: number
  /** Closes all that is open there; the first bracket that of `events`. */
  readonly closers: string
  /** In a list `traces`, so that others may follow. */
  readonly inList: boolean
  /** Its `vantage_point` was before the events. */
  readonly hasVantage: boolean
}

/** What was found instead of a trace with events; `inList`: a list `traces` was there. */
export interface NoTrace {
  readonly why: 'incomplete' | 'malformed' | 'closed'
  /** Closed: position behind the bracket. */
  readonly end: number
  readonly inList: boolean
}

/** Longest name of a member that is looked at: `vantage_point`. */
const LONGEST_KEY = 13

/**
 * Looks for the first event in the text from `start` up to `end`: that of a whole file (`traces`, or one
 * `trace`), or that of one more trace of its list. Traces without events, such as draft-02's trace errors,
 * are passed over in a file.
 */
export function openTrace(
  bytes: Uint8Array,
  start: number,
  end: number,
  what: 'file' | 'trace',
): TraceOpening | NoTrace {
  const open: number[] = []
  let key = ''
  let before = 0
  let inList = false
  /** How many brackets are open inside the trace's own; 0: in no trace. */
  let traceDepth = 0
  let hasVantage = false
  for (let at = start; at < end; ) {
    const byte = bytes[at] as number
    at += 1
    if (isBlank(byte)) continue
    const inObject = open.at(-1) === OPEN
    if (byte === QUOTE) {
      const behind = stringEnd(bytes, at, end)
      if (behind < 0) {
        return { why: behind === INCOMPLETE ? 'incomplete' : 'malformed', end: at, inList }
      }
      if (inObject && (before === OPEN || before === COMMA)) {
        key = textOf(bytes, at, behind - 1)
        if (open.length === traceDepth && key === 'vantage_point') hasVantage = true
      }
      at = behind
    } else if (byte === OPEN || byte === OPEN_LIST) {
      if (open.length === 0 ? byte !== OPEN : inObject && before !== COLON)
        return { why: 'malformed', end: at, inList }
      open.push(byte)
      const depth = open.length
      const name = inObject ? key : ''
      if (byte === OPEN_LIST) {
        if (depth === traceDepth + 1 && traceDepth > 0 && name === 'events')
          return {
            end: at,
            closers: closersOf(open),
            inList: inList || what === 'trace',
            hasVantage,
          }
        if (what === 'file' && depth === 2 && name === 'traces') inList = true
      } else if (
        what === 'trace'
          ? depth === 1
          : inList
            ? depth === 3 && traceDepth === 0 && !inObject
            : depth === 2 && name === 'trace'
      ) {
        traceDepth = depth
        hasVantage = false
      }
    } else if (byte === CLOSE || byte === CLOSE_LIST) {
      if (open.pop() !== byte - 2) return { why: 'malformed', end: at, inList }
      if (open.length < traceDepth) traceDepth = 0
      if (open.length === 0) return { why: 'closed', end: at, inList }
    } else if (open.length === 0) return { why: 'malformed', end: at, inList }
    before = byte
  }
  return { why: 'incomplete', end, inList }
}

function closersOf(open: readonly number[]): string {
  return open
    .map((byte) => String.fromCharCode(byte + 2))
    .reverse()
    .join('')
}

function textOf(bytes: Uint8Array, start: number, end: number): string {
  if (end - start > LONGEST_KEY) return ''
  return String.fromCharCode(...bytes.subarray(start, end))
}
