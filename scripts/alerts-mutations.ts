/**
 * `node scripts/alerts-mutations.ts PROMTOOL [NAME]`: prints the small faults in rules that their unit tests do not
 * notice, of all rules or of one; then the exit code is 1.
 */
import { tryMutations } from './alerts-trials.ts'

const [promtool, only] = process.argv.slice(2)
if (promtool === undefined) {
  console.error('usage: node scripts/alerts-mutations.ts PROMTOOL [NAME]')
  process.exitCode = 2
} else {
  const { tried, untried, complaints } = await tryMutations(promtool, only)
  for (const complaint of complaints) console.log(complaint)
  console.log(`${tried} mutants, ${complaints.length} complaints, ${untried} untried`)
  if (complaints.length > 0) process.exitCode = 1
}
