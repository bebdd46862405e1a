import { copyFileSync, statSync, truncateSync } from 'node:fs'
import { ofWritten, untilExact } from './support/exact.ts'
import { fault } from './support/fault.ts'
import { over } from './support/log-file.ts'
import { makeScene, RECORDS } from './support/scene.ts'

// A trace without its header tells nobody anything: who writes on after a copytruncate begins with one.

fault(
  {
    id: 'F-08',
    fault: 'copytruncate, quiet writer, O_APPEND',
    expected: 'exact; resets{truncated} = 1',
  },
  async (t) => {
    const { book, open, path, exporter } = await makeScene(t)
    const log = open('a.sqlog')
    await over(500, 10, () => log.append(RECORDS * 0.06))
    await untilExact(t, exporter, book)
    copyFileSync(log.path, path('a.sqlog.1'))
    truncateSync(log.path)
    log.begin()
    await over(500, 10, () => log.append(RECORDS * 0.04))
    const page = await untilExact(t, exporter, book, { resets: { truncated: 1 }, files: 1 })
    return `${ofWritten(page, book)}, truncated 1`
  },
)

const HOLE = 1001

fault(
  {
    id: 'F-09',
    fault: 'copytruncate, writer without O_APPEND (NUL hole 1,001 B)',
    expected: 'exact; lost{nul_hole} = the hole; no record fails',
  },
  async (t) => {
    const { book, open, exporter } = await makeScene(t)
    const log = open('a.sqlog', { flags: 'w' })
    const record = book.take(1).trimEnd()
    log.write(`${record.padEnd(HOLE - 1 - statSync(log.path).size)}\n`)
    t.equal(statSync(log.path).size, HOLE)
    await untilExact(t, exporter, book)
    truncateSync(log.path)
    log.begin()
    await over(500, 10, () => log.append(RECORDS / 10))
    book.written += HOLE
    const page = await untilExact(t, exporter, book, { lost: { nul_hole: HOLE }, resets: 1 })
    return `${ofWritten(page, book)}, nul_hole ${HOLE} B`
  },
)

fault(
  {
    id: 'F-11',
    fault: 'copytruncate, regrown beyond the old offset before the next look',
    expected: 'all new records applied; resets{marker} = 1',
  },
  async (t) => {
    const { book, open, exporter } = await makeScene(t)
    const log = open('a.sqlog')
    log.append(RECORDS * 0.4)
    await untilExact(t, exporter, book)
    const offset = statSync(log.path).size
    exporter.signal('SIGSTOP')
    truncateSync(log.path)
    log.begin()
    log.append(RECORDS * 0.6)
    t.ok(statSync(log.path).size > offset)
    exporter.signal('SIGCONT')
    const page = await untilExact(t, exporter, book, { resets: { marker: 1 } })
    return `${ofWritten(page, book)}, marker 1`
  },
)

fault(
  {
    id: 'F-12',
    fault: 'truncate to the middle of the file',
    expected: 'no record twice; resets = 1',
  },
  async (t) => {
    const { book, open, exporter } = await makeScene(t)
    const log = open('a.sqlog')
    log.append(RECORDS * 0.9)
    await untilExact(t, exporter, book)
    // Inside a record: what is left of it is no record any more.
    truncateSync(log.path, Math.round(statSync(log.path).size / 2))
    await exporter.untilPage(
      'the cut to be seen',
      (page) => (page.value('quic_exporter_file_resets_total') ?? 0) > 0,
    )
    await over(500, 10, () => log.append(RECORDS * 0.01))
    const page = await untilExact(t, exporter, book, { resets: 1 })
    return `${ofWritten(page, book)}, 1 reset`
  },
)
