/** `npm run snap`: rewrites the golden pages under test/fixtures; with --check it only says what is wrong. */
import { join } from 'node:path'
import { dialects, logDialects } from '../qlog-parsers/index.ts'
import { goldenProblems, writeGoldens } from './snap/goldens.ts'

const root = join(import.meta.dirname, '..', 'test', 'fixtures')
const args = process.argv.slice(2)

if (args.some((arg) => arg !== '--check')) {
  console.error('usage: npm run snap [-- --check]')
  process.exitCode = 2
} else {
  const written = args.length > 0 ? [] : await writeGoldens(root)
  for (const golden of written) console.log(`wrote ${golden}`)
  const names = [...dialects, ...logDialects].map(({ name }) => name)
  const problems = await goldenProblems(root, names)
  for (const problem of problems) console.error(problem)
  if (problems.length > 0) process.exitCode = 1
  else console.log('the golden pages are what replay says')
}
