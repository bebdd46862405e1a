/** Durations as PromQL and Grafana write them. */

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const

/** Milliseconds of `15s`, `5m`, `1h`; throws on anything else. */
export function milliseconds(duration: string): number {
  const [, amount, unit] = /^(\d+)(ms|s|m|h|d|w)$/.exec(duration) ?? []
  if (amount === undefined || unit === undefined) throw new Error(`no duration: ${duration}`)
  return Number(amount) * UNITS[unit as keyof typeof UNITS]
}

/** The shortest way to write whole milliseconds that PromQL reads: `90s`, `5m`. */
export function duration(ms: number): string {
  const [unit, size] = Object.entries(UNITS).findLast(([, size]) => ms % size === 0) ?? ['ms', 1]
  return `${ms / size}${unit}`
}

/** Upper end in ms of what is rounded, and to what: the steps between which Grafana chooses. */
const STEPS: readonly (readonly [below: number, step: number])[] = [
  [15, 10],
  [35, 20],
  [75, 50],
  [150, 100],
  [350, 200],
  [750, 500],
  [1500, 1000],
  [3500, 2000],
  [7500, 5000],
  [12_500, 10_000],
  [17_500, 15_000],
  [25_000, 20_000],
  [45_000, 30_000],
  [90_000, 60_000],
  [210_000, 120_000],
  [450_000, 300_000],
  [750_000, 600_000],
  [1_050_000, 900_000],
  [1_500_000, 1_200_000],
  [2_700_000, 1_800_000],
  [5_400_000, 3_600_000],
  [9_000_000, 7_200_000],
  [16_200_000, 10_800_000],
  [32_400_000, 21_600_000],
  [86_400_000, 43_200_000],
]

/** The step for so many points at most: a round number, and never below the smallest one. */
export function roundStep(rangeMs: number, points: number, smallestMs: number): number {
  const exact = rangeMs / points
  const rounded = STEPS.find(([below]) => exact < below)?.[1] ?? UNITS.d
  return Math.max(rounded, smallestMs)
}
