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
  const clock = stretchedClock(pages, when)
  for (const [index, page] of pages.entries()) {
    const at = (when(index) / 1000).toFixed(3)
    let text = ''
    for (const line of page.text.split('\n')) {
      if (line === '' || line.startsWith('#')) continue
      text += `${isTime(line) ? movedTime(line, clock) : line} ${at}\n`
    }
    yield text
  }
  yield '# EOF\n'
}

/** Values that are moments must be moments of the stretched clock, too. */
function isTime(line: string): boolean {
  const name = /^\w+/.exec(line)?.[0] ?? ''
  return (
    /_(timestamp|start_time)_seconds$/.test(name) &&
    // A certificate expires when it says.
    !name.includes('_expiry_')
  )
}

function movedTime(line: string, clock: (ms: number) => number): string {
  const space = line.lastIndexOf(' ')
  const value = Number(line.slice(space + 1))
  return value === 0 ? line : `${line.slice(0, space)} ${clock(value * 1000) / 1000}`
}

/** From real time to stretched time; what was before the first page stays as long before it. */
function stretchedClock(
  pages: readonly TakenPage[],
  when: (index: number) => number,
): (ms: number) => number {
  return (ms) => {
    const next = pages.findIndex(({ atMs }) => atMs >= ms)
    if (next === 0) return when(0) - ((pages[0]?.atMs ?? ms) - ms)
    if (next === -1) return when(pages.length - 1)
    const before = pages[next - 1] as TakenPage
    const after = pages[next] as TakenPage
    const share = (ms - before.atMs) / (after.atMs - before.atMs)
    return when(next - 1) + share * (when(next) - when(next - 1))
  }
}
