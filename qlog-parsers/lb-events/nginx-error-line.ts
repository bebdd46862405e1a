/** One line of nginx's error log: its head, which nginx alone writes, and the message behind it. */

export interface ErrorLine {
  /** As written, local time of no known zone, µs: only differences mean something. */
  readonly localUs: number
  readonly isDebug: boolean
  readonly process: string
  /** `PROCESS*N`: N is a number of nginx's own and begins anew with each process; undefined without one. */
  readonly connection: string | undefined
  readonly message: string
}

/** nginx cuts its lines at 2,048 bytes (NGX_MAX_ERROR_STR); what follows is not its. */
const MOST_CHARACTERS = 2048
const HEAD =
  /^(\d{4})\/(\d\d)\/(\d\d) (\d\d):(\d\d):(\d\d) \[(debug|info|notice|warn|error|crit|alert|emerg)\] (\d{1,10})#\d{1,20}: (?:\*(\d{1,20}) )?/
/** Bytes as they are: nothing that a peer made nginx write is taken for a character of ours. */
const latin1 = new TextDecoder('latin1')

/** The line `bytes[start, end)`, or undefined if it has no such head: the rest of a message of several lines. */
export function errorLineOf(bytes: Uint8Array, start: number, end: number): ErrorLine | undefined {
  const text = latin1.decode(bytes.subarray(start, Math.min(end, start + MOST_CHARACTERS)))
  const head = HEAD.exec(text)
  if (head === null) return undefined
  const [year = 0, month = 0, day, hours, minutes, seconds] = head.slice(1, 7).map(Number)
  const [whole, , , , , , , level, process = '', number] = head
  return {
    localUs: Date.UTC(year, month - 1, day, hours, minutes, seconds) * 1000,
    isDebug: level === 'debug',
    process,
    connection: number === undefined ? undefined : `${process}*${number}`,
    message: text.slice(whole.length),
  }
}

/** The whole number right behind the first `key`; undefined if there is none or it is above `most`. */
export function numberAfter(message: string, key: string, most: number): number | undefined {
  const at = message.indexOf(key)
  if (at < 0) return undefined
  let value = 0
  let digits = 0
  for (let i = at + key.length; i < message.length; i += 1, digits += 1) {
    const digit = message.charCodeAt(i) - 0x30
    if (digit < 0 || digit > 9) break
    value = value * 10 + digit
    if (value > most) return undefined
  }
  return digits === 0 ? undefined : value
}
