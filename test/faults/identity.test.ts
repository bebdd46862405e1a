import { readFileSync, statSync, unlinkSync } from 'node:fs'
import { until } from '../support/until.ts'
import { ofWritten, untilExact } from './support/exact.ts'
import { exactFault, fault } from './support/fault.ts'
import { over } from './support/log-file.ts'
import { descriptorsOf } from './support/process-facts.ts'
import { replaceOnSameInode } from './support/same-inode.ts'
import { makeScene, RECORDS } from './support/scene.ts'
import { untilOpen } from './support/until-open.ts'

exactFault('F-14', 'delete + recreate the same path at once, while open', async (t) => {
  const { book, open, exporter } = await makeScene(t)
  const rounds = 10
  for (let round = 0; round < rounds; round++) {
    const log = open('a.sqlog', { group: `${round}` })
    log.append(RECORDS / rounds / 2)
    await untilOpen(exporter, log.path)
    if (round < rounds - 1) unlinkSync(log.path)
    log.append(RECORDS / rounds / 2)
    log.close()
  }
  const page = await untilExact(t, exporter, book, { files: 1 })
  return `${ofWritten(page, book)} over ${rounds} files`
})

const MOST_OPEN = 16

/** Several, as any of them may lose its inode to somebody else. */
const OLD = [0, 1, 2, 3, 4, 5, 6, 7]
const OLD_RECORDS = 200

fault(
  {
    id: 'F-14',
    fault: 'delete + recreate the same path at once, same inode, larger, same beginning',
    expected: 'exact over both; resets{replaced} = 1',
  },
  async (t) => {
    const { book, open, write, path, exporter } = await makeScene(t, {
      flags: ['--tail.max-open-files', `${MOST_OPEN}`],
    })
    const paths = OLD.map((i) => path(`${i}.sqlog`))
    for (const i of OLD) write(`${i}.sqlog`, OLD_RECORDS, { group: 'same' })
    await untilExact(t, exporter, book)
    // Files that grow later take their places among the open ones: an open file keeps its inode.
    for (let i = 0; i < 2 * MOST_OPEN; i++) write(`filler-${i}.sqlog`, 10)
    const areClosed = () => !descriptorsOf(exporter.pid).some((open) => paths.includes(open))
    await until('the old files to be closed for others', areClosed, { withinMs: 10_000 })
    const size = statSync(path('0.sqlog')).size
    const i = replaceOnSameInode(paths)
    const second = open(`${i}.sqlog`, { group: 'same' })
    second.write(book.enter(i * OLD_RECORDS, OLD_RECORDS))
    second.append(RECORDS)
    t.ok(statSync(second.path).size > size, 'larger than what was read of the first')
    const files = OLD.length - i + 2 * MOST_OPEN
    const page = await untilExact(t, exporter, book, { resets: { replaced: 1 }, files })
    return `${ofWritten(page, book)} over both, replaced 1`
  },
)

exactFault('F-17', 'two files with identical first 4 KiB', async (t) => {
  const { book, open, exporter } = await makeScene(t)
  const twins = ['a.sqlog', 'b.sqlog'].map((name) => open(name, { group: 'same' }))
  for (const [i, twin] of twins.entries()) twin.write(i === 0 ? book.take(20) : book.enter(0, 20))
  const [one, other] = twins.map(({ path }) => readFileSync(path))
  t.ok((one?.length ?? 0) > 4096 && one?.equals(other as Buffer))
  await over(1000, 20, () => {
    for (const twin of twins) twin.append(RECORDS / 40)
  })
  const page = await untilExact(t, exporter, book, { files: 2 })
  return `${ofWritten(page, book)}, both files whole`
})
