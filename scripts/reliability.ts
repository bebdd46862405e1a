/**
 * `npm run reliability`: writes docs/reliability.md from the results in docs/reliability/.
 *
 *   --check           only says whether the page is what the results say
 *   --faults REPORT   says whether a run of the fault suites is complete and good; with --keep its rows
 *                     become the results
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { problemsOf, readReport } from './reliability/faults.ts'
import { reliabilityPage } from './reliability/page.ts'

const PAGE = new URL('../docs/reliability.md', import.meta.url)
const result = (name: string) => new URL(`../docs/reliability/${name}`, import.meta.url)
const read = (name: string) => JSON.parse(readFileSync(result(name), 'utf8'))

const { values } = parseArgs({
  options: {
    check: { type: 'boolean', default: false },
    faults: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
})

process.exitCode = values.faults === undefined ? page() : faults(values.faults)

function faults(report: string): number {
  const rows = readReport(readFileSync(report, 'utf8'))
  const problems = problemsOf(rows)
  for (const problem of problems) console.error(problem)
  console.log(`${rows.length} faults tried, ${problems.length} problem(s)`)
  if (problems.length > 0) return 1
  if (values.keep) {
    writeFileSync(result('faults.json'), `${JSON.stringify(rows, null, 1)}\n`)
    return page()
  }
  return 0
}

function page(): number {
  const text = reliabilityPage({
    faults: read('faults.json'),
    comparison: read('comparison.json'),
    soak: read('soak.json'),
  })
  if (!values.check) {
    writeFileSync(PAGE, text)
    return 0
  }
  const same = readFileSync(PAGE, 'utf8') === text
  console.log(same ? 'docs/reliability.md is what the results say' : 'docs/reliability.md is old')
  return same ? 0 : 1
}
