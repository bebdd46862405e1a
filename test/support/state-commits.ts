/** What each commit of the killed writer puts: known to the writer and to the test. */
import type { Rows } from './state-toy.ts'

/** Rows that take turns: 40 of them, three in each commit. */
const ROWS = 40

/** Every row is put again within so many commits. */
const ROUND = 40

/** The row that says which commit it is. */
const NUMBER = 1000

export function putAll(commit: number, put: (row: number, value: string) => void): void {
  for (const place of [0, 13, 27]) {
    put((commit * 7 + place) % ROWS, `${commit}:${'x'.repeat((commit * 37) % 3000)}`)
  }
  put(NUMBER, String(commit))
}

/** The commit that made these rows; 0 if none has. */
export function commitOf(rows: Rows): number {
  return Number(rows.get(NUMBER) ?? 0)
}

/** The rows after a commit. */
export function rowsAfter(commit: number): Rows {
  const rows: Rows = new Map()
  for (let earlier = Math.max(1, commit - ROUND); earlier <= commit; earlier++)
    putAll(earlier, (row, value) => rows.set(row, value))
  return rows
}
