/** The report of a run of the fault suites: one line of JSON for each fault that was tried. */

/** One fault, as it was tried. */
export interface TriedFault {
  /** `F-01`. */
  readonly id: string
  readonly fault: string
  readonly expected: string
  readonly observed: string
  readonly passed: boolean
  readonly seconds: number
}

/** Every fault that the suites must try. */
export const FAULT_IDS: readonly string[] = Array.from(
  { length: 52 },
  (_, i) => `F-${String(i + 1).padStart(2, '0')}`,
)

/** Reads a report; faults in order of their numbers. */
export function readReport(text: string): TriedFault[] {
  const rows = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as TriedFault)
  return rows.sort((a, b) => order(a.id, b.id) || order(a.fault, b.fault))
}

/** What is wrong with a run: faults that failed, and faults that nobody tried. */
export function problemsOf(rows: readonly TriedFault[]): string[] {
  const failed = rows
    .filter(({ passed }) => !passed)
    .map(({ id, observed }) => `${id}: ${observed}`)
  const missing = FAULT_IDS.filter((id) => rows.every((row) => row.id !== id))
  return [...failed, ...missing.map((id) => `${id}: not tried`)]
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
