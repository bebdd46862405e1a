/** Contained qlog files as writers lay them out, and what is found in them. */
import { type FileFramer, FileFramer as Framing } from '../../qlog-parsers/framing/file-framer.ts'

/** `trace …` with the header, `…` for an event, `~…` for one that no more than the end of the file ended, `!reason`. */
export type Found = string

export interface Framed {
  readonly found: Found[]
  readonly dropped: number
}

export interface FramingOptions {
  readonly maxRecordBytes?: number
  readonly restarts?: number
  /** Joined there: what is before was not read. */
  readonly start?: number
  /** Hears how many bytes are not used after each look. */
  readonly held?: (bytes: number) => void
}

/**
 * Frames a file that grows to the given lengths, as a tailer reads it, then its end. After each `restarts`
 * looks a new framer goes on with nothing but the state of the one before.
 */
export function frameDocument(
  text: string | Uint8Array,
  ends: Iterable<number> = [],
  options: FramingOptions = {},
): Framed {
  const { maxRecordBytes = 1 << 20, restarts = 0, start = 0, held } = options
  const file = Buffer.from(text)
  const found: Found[] = []
  let dropped = 0
  const open = () =>
    new Framing(maxRecordBytes, {
      traceBegins(bytes, start, end) {
        found.push(`trace ${slice(bytes, start, end)}`)
      },
      record(bytes, start, end, whole) {
        found.push(`${whole ? '' : '~'}${slice(bytes, start, end)}`)
      },
      rejected(reason) {
        found.push(`!${reason}`)
      },
    })
  let framer: FileFramer = open()
  let used = start
  let looks = 0
  if (start > 0) {
    framer.header(file.subarray(0, 64 * 1024))
    framer.skipToRecord()
    // As a tailer does: a boundary exactly there is seen.
    used -= 1
    found.length = 0
  }
  const look = (end: number, atEnd: boolean) => {
    used += framer.feed(file.subarray(used, end), atEnd)
    dropped += framer.takeDropped()
    held?.(end - used)
    looks += 1
    if (restarts === 0 || looks % restarts > 0) return
    const { state } = framer
    framer = open()
    framer.resume(state)
  }
  for (const end of ends) if (end >= used) look(end, false)
  look(file.length, true)
  if (used !== file.length) found.push(`${file.length - used} bytes are left`)
  return { found, dropped }
}

/** The ends of pieces of one size. */
export function* pieces(size: number, length: number): Generator<number> {
  for (let end = size; end < length; end += size) yield end
}

function slice(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.subarray(start, end)).toString('latin1')
}

/** An event as an object. */
export const event = (time: number, name = 'transport:packet_sent', data: object = {}) => ({
  time,
  name,
  data,
})
