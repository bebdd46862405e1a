/** Where values end in JSON text of which only a part may be at hand; nothing is decoded. */

export const QUOTE = 0x22
export const COMMA = 0x2c
export const COLON = 0x3a
export const OPEN_LIST = 0x5b
export const CLOSE_LIST = 0x5d
export const OPEN = 0x7b
export const CLOSE = 0x7d
const BACKSLASH = 0x5c
const BLANK = 0x20

/** The value goes on behind what is at hand. */
export const INCOMPLETE = -1
/** No JSON value begins like this, whatever follows. */
export const MALFORMED = -2

/** Deeper brackets are counted and no longer told apart; records this deep are not read. */
const MOST_DEPTH = 1024
const open = new Uint8Array(MOST_DEPTH)

/** Whether the byte is a blank; control characters and NUL runs count as such between values. */
export function isBlank(byte: number): boolean {
  return byte <= BLANK
}

const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf]

/** Position of the first byte of a file's text, behind blanks and a byte order mark; INCOMPLETE if none is there yet. */
export function firstByte(bytes: Uint8Array): number {
  let at = BYTE_ORDER_MARK.every((byte, i) => i >= bytes.length || bytes[i] === byte) ? 3 : 0
  while (at < bytes.length) {
    const byte = bytes[at]
    if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) return at
    at += 1
  }
  return INCOMPLETE
}

/** Position behind the string whose opening quote is before `start`; INCOMPLETE or MALFORMED. */
export function stringEnd(bytes: Uint8Array, start: number, end: number): number {
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at] as number
    if (byte === QUOTE) return at + 1
    if (byte === BACKSLASH) at += 1
    // RFC 8259 §7: a line end in a string is a torn record.
    else if (byte < BLANK) return MALFORMED
  }
  return INCOMPLETE
}

/** Position behind the object or list that opens at `start`; INCOMPLETE or MALFORMED. */
export function bracketEnd(bytes: Uint8Array, start: number, end: number): number {
  let depth = 0
  /** The last byte that was neither blank nor in a string. */
  let before = 0
  for (let at = start; at < end; ) {
    const byte = bytes[at] as number
    at += 1
    if (byte <= BLANK) continue
    if (byte === QUOTE) {
      if (!mayOpenValue(before)) return MALFORMED
      at = stringEnd(bytes, at, end)
      if (at < 0) return at
    } else if (before === QUOTE && !mayFollowString(byte)) {
      // A record that is torn inside a string: what is in quotes and what is not have changed places.
      return MALFORMED
    } else if (byte === OPEN || byte === OPEN_LIST) {
      // In an object a bracket only follows a colon: else another record begins inside a torn one.
      if (depth > 0 && before !== COLON && open[depth - 1] === OPEN) return MALFORMED
      if (depth < MOST_DEPTH) open[depth] = byte
      depth += 1
    } else if (byte === CLOSE || byte === CLOSE_LIST) {
      depth -= 1
      // `}` and `]` are two code points behind `{` and `[`.
      if (depth < MOST_DEPTH && open[depth] !== byte - 2) return MALFORMED
      if (depth === 0) return at
    }
    before = byte
  }
  return INCOMPLETE
}

function mayOpenValue(before: number): boolean {
  return before === COMMA || before === COLON || before === OPEN || before === OPEN_LIST
}

function mayFollowString(byte: number): boolean {
  return byte === COMMA || byte === COLON || byte === CLOSE || byte === CLOSE_LIST
}

/** Position of the comma or bracket that ends the text at `start`, which is no object and no list; or INCOMPLETE. */
export function scalarEnd(bytes: Uint8Array, start: number, end: number): number {
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at] as number
    if (byte === COMMA || byte === CLOSE_LIST || byte === OPEN || byte === OPEN_LIST) return at
    if (byte !== QUOTE) continue
    const behind = stringEnd(bytes, at + 1, end)
    if (behind === INCOMPLETE) return INCOMPLETE
    if (behind > 0) at = behind - 1
  }
  return INCOMPLETE
}

/** Where text is being passed over piece by piece. */
export interface Passing {
  /** Brackets that are open. */
  depth: number
  inString: boolean
  /** The next byte is escaped. */
  escaped: boolean
}

/** Passes text up to the bracket that closes the outermost open one; position behind it, or INCOMPLETE. */
export function pass(bytes: Uint8Array, start: number, state: Passing): number {
  let { depth, inString, escaped } = state
  let at = start
  for (; at < bytes.length; at += 1) {
    const byte = bytes[at] as number
    if (escaped) escaped = false
    else if (inString) {
      if (byte === BACKSLASH) escaped = true
      else if (byte === QUOTE) inString = false
    } else if (byte === QUOTE) inString = true
    else if (byte === OPEN || byte === OPEN_LIST) depth += 1
    else if (byte === CLOSE || byte === CLOSE_LIST) {
      depth -= 1
      if (depth === 0) break
    }
  }
  state.depth = depth
  state.inString = inString
  state.escaped = escaped
  return depth === 0 ? at + 1 : INCOMPLETE
}
