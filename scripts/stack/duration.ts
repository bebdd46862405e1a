const UNITS_MS = { s: 1_000, m: 60_000 } as const

/** Milliseconds of a duration such as `90s` or `10m`; throws on anything else. */
export function milliseconds(text: string): number {
  const [, count, unit] = /^(\d+)([sm])$/.exec(text) ?? []
  if (count === undefined) throw new Error(`${text} is no duration such as 90s or 10m`)
  return Number(count) * UNITS_MS[unit as keyof typeof UNITS_MS]
}
