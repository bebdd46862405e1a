import { globSync, readFileSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { skipWithout } from './peers.ts'
import { promtoolComplaints } from './promtool.ts'

const FIXTURES = fileURLToPath(new URL('../fixtures', import.meta.url))
const skip = skipWithout('promtool')

t.test('promtool finds fault with a page that is at fault', { skip }, async (t) => {
  t.match(await promtoolComplaints(t, 'requests 1\n'), /help/i)
})

t.test('promtool has nothing to say about any golden page', { skip }, async (t) => {
  const pages = globSync('**/*.prom', { cwd: FIXTURES }).sort()
  t.not(pages.length, 0, 'there are golden pages')
  for (const page of pages) {
    const name = `${dirname(page)}/${basename(page, '.prom')}`
    const text = readFileSync(`${FIXTURES}/${page}`, 'utf8')
    t.equal(await promtoolComplaints(t, text), '', name)
  }
})
