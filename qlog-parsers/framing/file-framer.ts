/** Bytes to records for one qlog file of any serialisation: its first bytes tell which one it is. */
import {
  ContainedFramer,
  DOCUMENT_START,
  type DocumentState,
  MOST_OPENING,
  type TraceSink,
} from './contained-framer.ts'
import { Framer, type Skipping } from './framer.ts'
import { firstByte, OPEN } from './json-text.ts'
import { openTrace } from './trace-opening.ts'

/** `lines`: records of their own (JSON text sequences, NDJSON); `document`: one JSON document. */
export const FORMS = ['unknown', 'lines', 'document'] as const
export type Form = (typeof FORMS)[number]

/** All that another framer must be given to go on. */
export interface FramingState {
  readonly form: Form
  readonly skipping: Skipping
  readonly document: DocumentState
}

/** Splits the bytes of one file; keeps no bytes, only where it stands. */
export class FileFramer {
  readonly #maxRecordBytes: number
  readonly #sink: TraceSink
  readonly #lines: Framer
  #document: ContainedFramer | undefined
  #form: Form = 'unknown'

  constructor(maxRecordBytes: number, sink: TraceSink) {
    this.#maxRecordBytes = maxRecordBytes
    this.#sink = sink
    this.#lines = new Framer(maxRecordBytes, sink)
  }

  /** Where reading stands. */
  get state(): FramingState {
    return {
      form: this.#form,
      skipping: this.#lines.skipping,
      document: this.#document?.state ?? DOCUMENT_START,
    }
  }

  /** Goes on where another framer stood. */
  resume({ form, skipping, document }: FramingState): void {
    this.#form = form
    this.#lines.resume(skipping)
    if (form === 'document') this.#contained().resume(document)
  }

  /** Only the beginning of a file that is then read from somewhere inside: gives its header, nothing else. */
  header(chunk: Uint8Array): void {
    const sink = this.#sink
    this.#form = formOf(chunk, true) ?? 'lines'
    if (this.#form === 'document') {
      let known = false
      const framer = new ContainedFramer(this.#maxRecordBytes, {
        traceBegins: (bytes, start, end) => {
          if (known) return
          known = true
          sink.traceBegins(bytes, start, end)
          this.#contained().resume(framer.state)
        },
        record() {},
        rejected() {},
      })
      framer.feed(chunk, true)
      return
    }
    let first = true
    new Framer(this.#maxRecordBytes, {
      record(bytes, start, end, whole) {
        if (first && whole) sink.record(bytes, start, end, whole)
        first = false
      },
      rejected() {
        first = false
      },
    }).feed(chunk, false)
  }

  /** What follows may begin inside a record: skip, uncounted, to the next one. */
  skipToRecord(): void {
    if (this.#form === 'document') this.#contained().skipToRecord()
    else {
      this.#form = 'lines'
      this.#lines.skipToRecord()
    }
  }

  /** Bytes of records that were too long, since the last call. */
  takeDropped(): number {
    return this.#lines.takeDropped() + (this.#document?.takeDropped() ?? 0)
  }

  /**
   * Takes bytes that begin where the last call stopped using them; returns how many were used. The
   * rest is an unfinished record: offer it again with more behind it. With `atEnd` everything is used.
   */
  feed(bytes: Uint8Array, atEnd: boolean): number {
    if (this.#form === 'lines') return this.#lines.feed(bytes, atEnd)
    if (this.#form === 'document') return this.#contained().feed(bytes, atEnd)
    const form = formOf(bytes, atEnd)
    if (form === undefined) return 0
    this.#form = form
    if (form === 'lines') return this.#lines.feed(bytes, atEnd)
    return this.#contained().feed(bytes, atEnd)
  }

  #contained(): ContainedFramer {
    this.#document ??= new ContainedFramer(this.#maxRecordBytes, this.#sink)
    return this.#document
  }
}

/** The form of a file that begins like this; undefined if more bytes are needed to know. */
function formOf(bytes: Uint8Array, atEnd: boolean): Form | undefined {
  const start = firstByte(bytes)
  if (start >= 0 && bytes[start] !== OPEN) return 'lines'
  const end = Math.min(bytes.length, start + MOST_OPENING)
  if (start >= 0) {
    const found = openTrace(bytes, start, end, 'file')
    if (!('why' in found) || found.inList) return 'document'
    if (found.why !== 'incomplete') return 'lines'
  }
  return atEnd || bytes.length > MOST_OPENING ? 'lines' : undefined
}
