/** What could not be read at the very first look: was it there, or is it new? */
import { mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { append, harness, numbered, numbersOf, upTo } from './support/tail-harness.ts'

t.test('a link that led nowhere at the start: its target is new when it appears', async (t) => {
  const { dir, tailer, seen, lines } = harness(t, { startAt: 'end' })
  symlinkSync(join(dir, 'target'), join(dir, 'a.sqlog'))
  await tailer.sweep()
  t.same(seen.errors, ['not_regular a.sqlog'])
  append(dir, 'target', numbered(0, 3))
  await tailer.sweep()
  t.same(numbersOf(lines()), upTo(3))
})

t.test('a directory where a file is expected at the start: the file is new', async (t) => {
  const { dir, tailer, lines } = harness(t, { startAt: 'end' })
  mkdirSync(join(dir, 'a.sqlog'))
  await tailer.sweep()
  rmSync(join(dir, 'a.sqlog'), { recursive: true })
  append(dir, 'a.sqlog', numbered(0, 3))
  await tailer.sweep()
  t.same(numbersOf(lines()), upTo(3))
})
