import { appendFileSync } from 'node:fs'
import t, { type Test } from 'tap'

/** One row of the table of faults. */
export interface Fault {
  /** `F-01`, as in the list of faults. */
  readonly id: string
  readonly fault: string
  readonly expected: string
}

/**
 * A test of one fault. `body` answers with what was observed, in a few figures; the row goes to the
 * file that FAULT_REPORT names, if any, and to the output.
 */
export function fault(row: Fault, body: (t: Test) => Promise<string>): void {
  t.test(`${row.id} ${row.fault}`, async (t) => {
    const begun = performance.now()
    let observed = ''
    let ended = false
    try {
      observed = await body(t)
      ended = true
    } catch (error) {
      observed = String(error instanceof Error ? error.message : error)
      throw error
    } finally {
      const seconds = Math.round((performance.now() - begun) / 100) / 10
      t.comment(`${row.id}: ${observed} (${seconds} s)`)
      report({ ...row, observed, passed: ended && t.passing(), seconds })
    }
  })
}

/** One line at once: other files of the suite append at the same time. */
function report(row: object): void {
  const file = process.env.FAULT_REPORT
  if (file) appendFileSync(file, `${JSON.stringify(row)}\n`)
}

/** A fault whose row expects nothing but every record once. */
export function exactFault(id: string, what: string, body: (t: Test) => Promise<string>): void {
  fault({ id, fault: what, expected: 'exact' }, body)
}
