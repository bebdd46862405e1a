/**
 * Bytes to records for contained qlog files: one JSON document with the events of its traces in lists
 * (`application/qlog+json`; draft-00 to the current main schema). Each trace begins with its header, then
 * each element of its `events` is one record; what is outside of them costs nothing. Live files of one line
 * that grow are read element by element.
 */
import { eventStart, givenUp } from './event-start.ts'
import type { RecordSink } from './framer.ts'
import {
  bracketEnd,
  CLOSE_LIST,
  COMMA,
  firstByte,
  INCOMPLETE,
  isBlank,
  MALFORMED,
  OPEN,
  OPEN_LIST,
  pass,
  scalarEnd,
} from './json-text.ts'
import { openTrace, type TraceOpening } from './trace-opening.ts'
import { vantageAhead } from './vantage-ahead.ts'

/** The most that may stand before the first event of a trace, bytes. */
export const MOST_OPENING = 64 * 1024

/** Receives, besides records, the header of each trace of a contained file before its records. */
export interface TraceSink extends RecordSink {
  /**
   * The file up to the trace's events, closed to one JSON object: its last trace is the one that begins. A
   * `vantage_point` that only comes behind the events is in it too.
   */
  traceBegins(bytes: Uint8Array, start: number, end: number): void
}

/** Where in the document reading stands. */
export const PLACES = [
  /** At its beginning. */
  'file',
  /** At the beginning of one more trace. */
  'trace',
  /** In a list of events, between two of them. */
  'events',
  /** Inside an event that is too long. */
  'too_long',
  /** Somewhere among events: passing to the next that can be told. */
  'anywhere',
  /** Behind the events of a trace. */
  'behind',
  /** Between two traces. */
  'between',
  /** Behind the last trace. */
  'over',
  /** At the last byte that is not to be read: an event that it begins has begun before. */
  'joined',
  /** In a file whose header is too long: nothing can be read. */
  'closed_off',
] as const
export type Place = (typeof PLACES)[number]

/** All that another framer must be given to go on. */
export interface DocumentState {
  readonly place: Place
  /** Other traces may follow. */
  readonly inList: boolean
  readonly depth: number
  readonly inString: boolean
  readonly escaped: boolean
}

/** Where a document begins. */
export const DOCUMENT_START: DocumentState = {
  place: 'file',
  inList: false,
  depth: 0,
  inString: false,
  escaped: false,
}

const encoder = new TextEncoder()

/** Cuts the bytes of one contained file; keeps no bytes, only where in the document it is. */
export class ContainedFramer {
  readonly #maxRecordBytes: number
  readonly #sink: TraceSink
  #state: { -readonly [key in keyof DocumentState]: DocumentState[key] } = { ...DOCUMENT_START }
  #dropped = 0

  constructor(maxRecordBytes: number, sink: TraceSink) {
    this.#maxRecordBytes = maxRecordBytes
    this.#sink = sink
  }

  /** Where reading stands. */
  get state(): DocumentState {
    return { ...this.#state }
  }

  /** Goes on where another framer stood. */
  resume(state: DocumentState): void {
    this.#state = { ...state }
  }

  /** The first byte that follows is not to be read, and is anywhere among the events: pass to the next one. */
  skipToRecord(): void {
    this.#state.place = 'joined'
  }

  /** Bytes of records that were too long, since the last call. */
  takeDropped(): number {
    const bytes = this.#dropped
    this.#dropped = 0
    return bytes
  }

  /** As `Framer.feed`: how many bytes were used; the rest is to be offered again with more behind it. */
  feed(bytes: Uint8Array, atEnd: boolean): number {
    let used = 0
    while (used < bytes.length) {
      const next = this.#step(bytes, used, atEnd)
      if (next === INCOMPLETE) return used
      used = next
    }
    return used
  }

  /** Reads on from `at` to the next place; where that is, or INCOMPLETE if more bytes are needed. */
  #step(bytes: Uint8Array, at: number, atEnd: boolean): number {
    switch (this.#state.place) {
      case 'file':
        return this.#open(bytes, Math.max(at, firstByte(bytes)), atEnd, 'file')
      case 'trace':
        return this.#open(bytes, at, atEnd, 'trace')
      case 'events':
        return this.#event(bytes, at, atEnd)
      case 'anywhere':
        return this.#find(bytes, at, atEnd)
      case 'joined':
        this.#state.place = 'anywhere'
        return bytes[at] === OPEN || bytes[at] === OPEN_LIST ? at + 1 : at
      case 'between':
        return this.#between(bytes, at)
      case 'too_long':
      case 'behind':
        return this.#pass(bytes, at)
      case 'closed_off':
        this.#dropped += bytes.length - at
        return bytes.length
      case 'over':
        return bytes.length
    }
  }

  #open(bytes: Uint8Array, at: number, atEnd: boolean, what: 'file' | 'trace'): number {
    const end = Math.min(bytes.length, at + MOST_OPENING)
    const found = openTrace(bytes, at, end, what)
    if (!('why' in found)) return this.#opened(bytes, at, atEnd, what, found)
    if (found.why === 'incomplete') {
      if (bytes.length - at > MOST_OPENING) return this.#closeOff(at)
      if (!atEnd) return INCOMPLETE
      this.#sink.rejected('truncated')
      return bytes.length
    }
    if (found.why === 'closed' && what === 'trace') {
      this.#state.place = 'between'
      return found.end
    }
    this.#sink.rejected(found.why === 'closed' ? 'schema' : 'json')
    this.#state.place = 'over'
    return found.end
  }

  #opened(
    bytes: Uint8Array,
    at: number,
    atEnd: boolean,
    what: 'file' | 'trace',
    { end, closers, inList, hasVantage }: TraceOpening,
  ): number {
    const vantage = hasVantage ? undefined : vantageAhead(bytes, end, atEnd)
    if (vantage === INCOMPLETE) return INCOMPLETE
    const before = encoder.encode(what === 'trace' ? '{"traces":[' : '')
    const member = vantage === undefined ? '' : `,"vantage_point":${vantage}`
    const behind = encoder.encode(
      `${closers.slice(0, 1)}${member}${closers.slice(1)}${what === 'trace' ? ']}' : ''}`,
    )
    const header = new Uint8Array(before.length + end - at + behind.length)
    header.set(before)
    header.set(bytes.subarray(at, end), before.length)
    header.set(behind, header.length - behind.length)
    this.#state.place = 'events'
    this.#state.inList = inList
    this.#sink.traceBegins(header, 0, header.length)
    return end
  }

  #closeOff(at: number): number {
    this.#sink.rejected('too_long')
    this.#state.place = 'closed_off'
    return at
  }

  #event(bytes: Uint8Array, from: number, atEnd: boolean): number {
    let at = from
    while (at < bytes.length && isSeparator(bytes[at] as number)) at += 1
    if (at === bytes.length) return at
    const byte = bytes[at]
    if (byte === CLOSE_LIST) {
      this.#passFrom('behind', 1)
      return at + 1
    }
    const most = Math.min(bytes.length, at + this.#maxRecordBytes)
    const isBracket = byte === OPEN || byte === OPEN_LIST
    const end = isBracket ? bracketEnd(bytes, at, most) : scalarEnd(bytes, at, most)
    if (end === MALFORMED) return this.#torn(at + 1)
    if (end !== INCOMPLETE) {
      this.#sink.record(bytes, at, end, true)
      return end
    }
    if (bytes.length - at > this.#maxRecordBytes) return this.#tooLong(bytes, at, isBracket)
    if (!atEnd) return from < at ? at : INCOMPLETE
    const next = eventStart(bytes, at + 1, bytes.length)
    if (next > 0) return this.#torn(next)
    this.#sink.record(bytes, at, bytes.length, false)
    return bytes.length
  }

  /** An event that does not end may hold the next ones, if it is torn; one that holds none is too long. */
  #tooLong(bytes: Uint8Array, at: number, isBracket: boolean): number {
    const next = eventStart(bytes, at + 1, at + this.#maxRecordBytes)
    if (next > 0) return this.#torn(next)
    this.#sink.rejected('too_long')
    if (isBracket) this.#passFrom('too_long', 0)
    else this.#state.place = 'anywhere'
    return at
  }

  #torn(next: number): number {
    this.#sink.rejected('json')
    this.#state.place = 'anywhere'
    return next
  }

  #find(bytes: Uint8Array, at: number, atEnd: boolean): number {
    const next = eventStart(bytes, at, bytes.length)
    if (next >= 0) {
      this.#state.place = 'events'
      return next
    }
    const end = atEnd ? bytes.length : givenUp(bytes, at)
    return end > at ? end : INCOMPLETE
  }

  #passFrom(place: Place, depth: number): void {
    this.#state.place = place
    this.#state.depth = depth
    this.#state.inString = false
    this.#state.escaped = false
  }

  #pass(bytes: Uint8Array, at: number): number {
    const state = this.#state
    const isDropped = state.place === 'too_long'
    const found = pass(bytes, at, state)
    const end = found === INCOMPLETE ? bytes.length : found
    if (isDropped) this.#dropped += end - at
    if (found !== INCOMPLETE) {
      state.place = isDropped ? 'events' : state.inList ? 'between' : 'over'
    }
    return end
  }

  #between(bytes: Uint8Array, from: number): number {
    let at = from
    while (at < bytes.length && isSeparator(bytes[at] as number)) at += 1
    if (at < bytes.length) this.#state.place = bytes[at] === OPEN ? 'trace' : 'over'
    return at
  }
}

function isSeparator(byte: number): boolean {
  return isBlank(byte) || byte === COMMA
}
