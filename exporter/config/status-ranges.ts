/** Statuses of HTTP from one to another, both included. */
export type StatusRange = readonly [from: number, to: number]

/** The spelling of statuses: one, a class, or a range. */
export const STATUS_PATTERN = /^(?:[1-5]xx|[1-5][0-9]{2}(?:-[1-5][0-9]{2})?)$/

/** `2xx`, `204` or `200-299`; undefined if it is spelled otherwise or ends before it begins. */
export function parseStatuses(written: string): StatusRange | undefined {
  if (!STATUS_PATTERN.test(written)) return undefined
  if (written.endsWith('xx')) {
    const first = Number(written[0]) * 100
    return [first, first + 99]
  }
  const [from = '', to = from] = written.split('-')
  return Number(from) <= Number(to) ? [Number(from), Number(to)] : undefined
}
