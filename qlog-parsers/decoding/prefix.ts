/**
 * A record's time, group and event name, read from its first bytes without parsing the rest. Works for
 * writers that put `data` last or at least after the name; any other key order is parsed whole.
 */

export interface Prefix {
  /** Milliseconds, as written. */
  readonly time: number
  readonly group: string | undefined
  readonly name: string
}

const TIME = '{"time":'
const GROUP = ',"group_id":"'
const NAME = ',"name":"'
const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c

/** The prefix of a record that opens `{"time":…,["group_id":"…",]"name":"…"`, else undefined. */
export function readPrefix(bytes: Uint8Array, start: number, end: number): Prefix | undefined {
  if (!startsWith(bytes, start, end, TIME)) return undefined
  let at = start + TIME.length
  const timeEnd = bytes.indexOf(COMMA, at)
  if (timeEnd < 0 || timeEnd - at > 32 || timeEnd >= end) return undefined
  const time = Number(ascii(bytes, at, timeEnd))
  at = timeEnd
  let group: string | undefined
  if (startsWith(bytes, at, end, GROUP)) {
    const groupEnd = stringEnd(bytes, at + GROUP.length, end)
    if (groupEnd < 0) return undefined
    group = ascii(bytes, at + GROUP.length, groupEnd)
    at = groupEnd + 1
  }
  if (!startsWith(bytes, at, end, NAME)) return undefined
  const nameEnd = stringEnd(bytes, at + NAME.length, end)
  if (nameEnd < 0) return undefined
  return { time, group, name: ascii(bytes, at + NAME.length, nameEnd) }
}

/** Where a plain ASCII string of at most 64 bytes ends, or −1 if it is not one. */
function stringEnd(bytes: Uint8Array, start: number, end: number): number {
  const limit = Math.min(end, start + 64)
  for (let at = start; at < limit; at += 1) {
    const byte = bytes[at] as number
    if (byte === QUOTE) return at
    if (byte === BACKSLASH || byte < 0x20 || byte > 0x7e) return -1
  }
  return -1
}

function startsWith(bytes: Uint8Array, at: number, end: number, literal: string): boolean {
  if (at + literal.length > end) return false
  for (let i = 0; i < literal.length; i += 1) {
    if (bytes[at + i] !== literal.charCodeAt(i)) return false
  }
  return true
}

function ascii(bytes: Uint8Array, start: number, end: number): string {
  let text = ''
  for (let at = start; at < end; at += 1) text += String.fromCharCode(bytes[at] as number)
  return text
}
