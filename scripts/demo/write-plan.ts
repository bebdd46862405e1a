/** Bytes that reach the file at one time, in ms since the first record's clock began. */
export interface Write {
  readonly atMs: number
  readonly bytes: Buffer
}

/**
 * The writes by which a log comes to be (`text` has one character for each byte): a block as soon as
 * the record that fills it happens, and what is left over when the file is closed. So a growing file
 * nearly always ends inside a record.
 */
export function planWrites(text: string, blockBytes: number): Write[] {
  const bytes = Buffer.from(text, 'latin1')
  const writes: Write[] = []
  let written = 0
  let atMs = 0
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf('\n', start)
    const end = newline === -1 ? text.length : newline + 1
    atMs = Math.max(atMs, timeOf(text.slice(start, end)) ?? 0)
    for (; end - written >= blockBytes; written += blockBytes) {
      writes.push({ atMs, bytes: bytes.subarray(written, written + blockBytes) })
    }
    start = end
  }
  if (written < bytes.length) writes.push({ atMs, bytes: bytes.subarray(written) })
  return writes
}

function timeOf(record: string): number | undefined {
  const time = /"time":([\d.]+)/.exec(record)?.[1]
  return time === undefined ? undefined : Number(time)
}
