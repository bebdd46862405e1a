import type { Comparison } from './experiment.ts'

/** The outcome as text: one line for each program and Prometheus server. */
export function tableOf({ packetsWritten, kills, seconds, seed, rows }: Comparison): string {
  const heads = ['program', 'scraped every', 'written', 'counted', 'error', 'resets']
  const lines = rows.map((row) => [
    row.program,
    `${row.scrapedEverySeconds} s`,
    `${packetsWritten}`,
    `${row.counted}`,
    signed(row.errorPercent),
    `${row.resets}`,
  ])
  const widths = heads.map((head, i) =>
    Math.max(head.length, ...lines.map((line) => line[i]?.length ?? 0)),
  )
  const laidOut = [heads, ...lines].map((line) =>
    line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))),
  )
  const facts = `${kills} kills in ${seconds} s, seed ${seed}`
  return `${[...laidOut.map((line) => line.join('  ')), facts].join('\n')}\n`
}

function signed(percent: number): string {
  return `${percent > 0 ? '+' : ''}${percent.toFixed(2)} %`
}
