/** How deep a record's brackets are nested: JSON.parse takes any depth, what comes after it may not. */

/** No record that means something comes near it. */
const MOST_DEPTH = 512

const QUOTE = 0x22
const BACKSLASH = 0x5c

/** Whether the JSON text `bytes[start, end)` is nested too deep; text that is no JSON may be either. */
export function isTooDeep(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start <= MOST_DEPTH) return false
  let depth = 0
  let inString = false
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at] as number
    if (inString) {
      if (byte === BACKSLASH) at += 1
      else if (byte === QUOTE) inString = false
      continue
    }
    // One bit is all that parts `[` from `{` and `]` from `}`.
    const bracket = byte | 0x20
    if (byte === QUOTE) inString = true
    else if (bracket === 0x7d) depth -= 1
    else if (bracket === 0x7b) {
      depth += 1
      if (depth > MOST_DEPTH) return true
    }
  }
  return false
}
