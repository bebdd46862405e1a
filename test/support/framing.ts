/** What a framer finds in bytes, by position in the file. */
import { FileFramer } from '../../qlog-parsers/index.ts'

/** A record `first…last`, `~` before it if no LF ended it; or the reason of a rejection. */
export type Found = string

/** Feeds a file in pieces that end at the given positions, as a tailer does, then its end. */
export function frame(
  file: Uint8Array,
  ends: readonly number[] = [],
  maxRecordBytes = 1 << 20,
): Found[] {
  const found: Found[] = []
  let used = 0
  const framer = new FileFramer(maxRecordBytes, {
    traceBegins(bytes, start, end) {
      found.push(`trace ${Buffer.from(bytes.subarray(start, end)).toString()}`)
    },
    record(_bytes, start, end, whole) {
      found.push(`${whole ? '' : '~'}${used + start}…${used + end}`)
    },
    rejected(reason) {
      found.push(reason)
    },
  })
  for (const end of ends) used += framer.feed(file.subarray(used, end), false)
  framer.feed(file.subarray(used), true)
  return found
}

/** The same as text: what is between the positions. */
export function frameText(
  text: string | Uint8Array,
  ends: readonly number[] = [],
  maxRecordBytes = 1 << 20,
): Found[] {
  const file = Buffer.from(text)
  return frame(file, ends, maxRecordBytes).map((one) => {
    const [, torn = '', start, end] = /^(~?)(\d+)…(\d+)$/.exec(one) ?? []
    if (start === undefined) return one
    return `${torn}${file.subarray(Number(start), Number(end)).toString()}`
  })
}
