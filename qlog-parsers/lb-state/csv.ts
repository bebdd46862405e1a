/** Comma-separated values as RFC 4180 has them; a quoted field may hold commas, quotes and line ends. */

const QUOTE = 0x22
const COMMA = 0x2c
const LF = 0x0a
/** Fields of one row; HAProxy 3.2 has 208. */
const MOST_FIELDS = 1000

/** All rows, each as its fields; undefined if a quote is out of place or never closed, or a row too long. */
export function parseCsv(text: string): string[][] | undefined {
  const rows: string[][] = []
  let row: string[] = []
  let at = 0
  while (at < text.length) {
    const field = text.charCodeAt(at) === QUOTE ? quoted(text, at) : plain(text, at)
    if (field === undefined || row.length === MOST_FIELDS) return undefined
    row.push(field.value)
    at = field.end
    if (text.charCodeAt(at) === COMMA) {
      at += 1
      // A comma before the end of the text still separates two fields.
      if (at < text.length) continue
      row.push('')
    }
    rows.push(row)
    row = []
    at += 1
  }
  return rows
}

interface Field {
  readonly value: string
  /** Where the comma or line end after it is. */
  readonly end: number
}

function plain(text: string, start: number): Field | undefined {
  let end = start
  for (; end < text.length; end += 1) {
    const code = text.charCodeAt(end)
    if (code === COMMA || code === LF) break
    if (code === QUOTE) return undefined
  }
  return { value: text.slice(start, end), end }
}

function quoted(text: string, start: number): Field | undefined {
  for (let end = text.indexOf('"', start + 1); end > 0; end = text.indexOf('"', end + 2)) {
    const next = text.charCodeAt(end + 1)
    if (next === QUOTE) continue
    if (!Number.isNaN(next) && next !== COMMA && next !== LF) return undefined
    return { value: text.slice(start + 1, end).replaceAll('""', '"'), end: end + 1 }
  }
  return undefined
}
