import { appendFileSync } from 'node:fs'
import t, { type Test } from 'tap'

/** A fault as the list of faults has it. */
export interface Fault {
  readonly id: string
  readonly fault: string
  readonly expected: string
}

/** The peers that a test needs are not there: why, or false. */
export type Skip = string | false

/**
 * A test of one fault; the body resolves to what was observed, in a few words with its figures. With
 * FAULT_REPORT set, its outcome is added to that file as one line of JSON. Several run side by side
 * where a file sets `t.jobs`.
 */
export function faultTest(fault: Fault, skip: Skip, body: (t: Test) => Promise<string>): void {
  t.test(`${fault.id} ${fault.fault}`, { skip, buffered: true }, async (t) => {
    const begun = performance.now()
    const report = (observed: string, passed: boolean) => {
      const seconds = Math.round((performance.now() - begun) / 100) / 10
      t.comment(`${fault.id} in ${seconds} s: ${observed}`)
      const path = process.env.FAULT_REPORT
      if (path === undefined) return
      appendFileSync(path, `${JSON.stringify({ ...fault, observed, passed, seconds })}\n`)
    }
    try {
      const observed = await body(t)
      report(observed, t.passing())
    } catch (error) {
      report(error instanceof Error ? (error.message.split('\n')[0] ?? '') : `${error}`, false)
      throw error
    }
  })
}
