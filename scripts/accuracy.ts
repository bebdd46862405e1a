// Writes docs/accuracy.md; with --check only tells (exit code 1) whether it is true and up to date.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { measureAll } from './accuracy-cases.ts'
import { measureKnown } from './accuracy-known.ts'
import { accuracyPage, isExact } from './accuracy-page.ts'

const path = join(import.meta.dirname, '..', 'docs', 'accuracy.md')
const all = await measureAll()
const known = await measureKnown()
const page = accuracyPage(all, known)

if (process.argv.includes('--check')) {
  const committed = await readFile(path, 'utf8').catch(() => '')
  if (committed !== page) {
    process.stderr.write('docs/accuracy.md is not up to date: run npm run accuracy\n')
    process.exitCode = 1
  }
} else {
  await writeFile(path, page)
}
if (!isExact(all, known)) {
  process.stderr.write('figures that must agree exactly differ: see docs/accuracy.md\n')
  process.exitCode = 1
}
