const DURATION_FACTORS: readonly (readonly [string, number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
]

const SIZE_FACTORS: readonly (readonly [string, number])[] = [
  ['GiB', 2 ** 30],
  ['MiB', 2 ** 20],
  ['KiB', 2 ** 10],
  ['', 1],
]

/** The spelling of a duration: a whole number and one unit. */
export const DURATION_PATTERN = /^([0-9]{1,9})(ms|s|m|h|d)$/

/** The spelling of a size: a whole number of bytes, or of a binary unit. */
export const SIZE_PATTERN = /^([0-9]{1,15})(KiB|MiB|GiB)?$/

/** Milliseconds of a duration such as `500ms` or `5m`, or undefined if it is not spelled like one. */
export function parseDuration(text: string): number | undefined {
  return parseUnits(text, DURATION_PATTERN, DURATION_FACTORS)
}

/** Bytes of a size such as `64KiB` or `65536`, or undefined if it is not spelled like one. */
export function parseSize(text: string): number | undefined {
  return parseUnits(text, SIZE_PATTERN, SIZE_FACTORS)
}

/** Milliseconds spelled with the largest unit that keeps a whole number. */
export function formatDuration(milliseconds: number): string {
  return formatUnits(milliseconds, DURATION_FACTORS)
}

/** Bytes spelled with the largest unit that keeps a whole number. */
export function formatSize(bytes: number): string {
  return formatUnits(bytes, SIZE_FACTORS)
}

function parseUnits(
  text: string,
  pattern: RegExp,
  factors: readonly (readonly [string, number])[],
): number | undefined {
  const match = pattern.exec(text)
  if (match === null) return undefined
  const factor = factors.find(([unit]) => unit === (match[2] ?? ''))?.[1] ?? 1
  const value = Number(match[1]) * factor
  return Number.isSafeInteger(value) ? value : undefined
}

function formatUnits(value: number, factors: readonly (readonly [string, number])[]): string {
  for (const [unit, factor] of factors) {
    if (value >= factor && value % factor === 0) return `${value / factor}${unit}`
  }
  return `${value}${factors.at(-1)?.[0] ?? ''}`
}
