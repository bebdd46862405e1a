/** Pages of an exporter as samples of the past: every number as it was on the page, on a stretched clock. */

/** A page, and when it was really made (Unix ms). */
export interface TakenPage {
  readonly atMs: number
  readonly text: string
}

/** Samples in OpenMetrics text, each page at the time that `when` gives its index (Unix ms). */
export function* openMetrics(
  pages: readonly TakenPage[],
  when: (index: number) => number,
): Generator<string, void> {
  const began = { atMs: pages[0]?.atMs ?? 0, whenMs: when(0) }
  for (const [index, page] of pages.entries()) {
    const whenMs = when(index)
    const at = (whenMs / 1000).toFixed(3)
    let text = ''
    for (const line of page.text.split('\n')) {
      if (line === '' || line.startsWith('#')) continue
      text += `${dated(line, began, { atMs: page.atMs, whenMs })} ${at}\n`
    }
    yield text
  }
  yield '# EOF\n'
}

interface Moment {
  readonly atMs: number
  readonly whenMs: number
}

/**
 * A value that is a moment moves with its page, and stays as old as it was; what happened before the hour
 * keeps its place before it. A certificate ends when it says.
 */
function dated(line: string, began: Moment, now: Moment): string {
  const name = /^\w+/.exec(line)?.[0] ?? ''
  if (!/_(timestamp|start_time)_seconds$/.test(name) || name.includes('_expiry_')) return line
  const space = line.lastIndexOf(' ')
  const valueMs = 1000 * Number(line.slice(space + 1))
  if (valueMs === 0) return line
  const { atMs, whenMs } = valueMs < began.atMs ? began : now
  return `${line.slice(0, space)} ${(valueMs + whenMs - atMs) / 1000}`
}
