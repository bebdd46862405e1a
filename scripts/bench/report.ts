import type { Run } from './measure.ts'
import { type Spread, spread } from './statistics.ts'

/** The stream that all programs read. */
export interface Input {
  readonly shape: string
  readonly bytes: number
  readonly events: number
  readonly connections: number
}

/** The medians of one program's runs; all rates are by CPU time. */
export interface Row {
  readonly program: string
  readonly eventsPerSecond: number
  readonly microsecondsPerEvent: number
  readonly megabytesPerSecond: number
  readonly cpuSeconds: number
  readonly wallSeconds: number
  readonly peakMegabytes: number
}

/** How many times the CPU time of the first program another one took, round by round. */
export interface Ratio extends Spread {
  readonly program: string
}

export interface Report {
  readonly input: Input
  readonly node: string
  readonly rounds: number
  readonly pinned: boolean
  readonly rows: readonly Row[]
  readonly ratios: readonly Ratio[]
}

/** Sums up the runs of all programs; the first program is the one that the others are compared with. */
export function reportOn(
  input: Input,
  pinned: boolean,
  runs: ReadonlyMap<string, readonly Run[]>,
): Report {
  const [first = [], ...others] = [...runs.values()]
  const [, ...names] = [...runs.keys()]
  return {
    input,
    node: process.version,
    rounds: first.length,
    pinned,
    rows: [...runs].map(([program, list]) => row(program, list, input)),
    ratios: names.map((program, index) => ({
      program,
      ...spread(
        (others[index] ?? []).map((run, round) => run.cpuSeconds / (first[round]?.cpuSeconds ?? 0)),
      ),
    })),
  }
}

function row(program: string, runs: readonly Run[], { events, bytes }: Input): Row {
  const median = (of: (run: Run) => number) => spread(runs.map(of)).median
  const cpuSeconds = median((run) => run.cpuSeconds)
  return {
    program,
    eventsPerSecond: events / cpuSeconds,
    microsecondsPerEvent: (cpuSeconds * 1e6) / events,
    megabytesPerSecond: bytes / 1e6 / cpuSeconds,
    cpuSeconds,
    wallSeconds: median((run) => run.wallSeconds),
    peakMegabytes: median((run) => run.peakBytes) / 1e6,
  }
}

/** The report as a table for people. */
export function renderReport(report: Report): string {
  const { input, rows, ratios } = report
  const cells = [
    ['program', 'events/s', 'µs/event', 'MB/s', 'CPU s', 'wall s', 'peak MB'],
    ...rows.map((row) => [
      row.program,
      Math.round(row.eventsPerSecond).toLocaleString('en'),
      row.microsecondsPerEvent.toFixed(2),
      row.megabytesPerSecond.toFixed(0),
      row.cpuSeconds.toFixed(2),
      row.wallSeconds.toFixed(2),
      row.peakMegabytes.toFixed(0),
    ]),
  ]
  const [head = []] = cells
  const widths = head.map((_, column) =>
    Math.max(...cells.map((line) => line[column]?.length ?? 0)),
  )
  const pad = (text: string, column: number) =>
    column === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart(widths[column] ?? 0)
  const [ours] = rows
  return [
    `${input.shape} stream: ${(input.bytes / 1e6).toFixed(1)} MB, ${input.events.toLocaleString('en')} events, ${input.connections.toLocaleString('en')} connections`,
    `Node ${report.node}, ${report.rounds} rounds, ${report.pinned ? 'each run pinned to one processor' : 'not pinned (no taskset)'}; medians; rates by CPU time (user + system), start-up included`,
    '',
    ...cells.map((line) => line.map(pad).join('  ')),
    '',
    ...ratios.map(
      (ratio) =>
        `CPU of ${ratio.program} / ${ours?.program}: ${ratio.median.toFixed(2)} (${ratio.min.toFixed(2)} to ${ratio.max.toFixed(2)} in single rounds)`,
    ),
    '',
  ].join('\n')
}
