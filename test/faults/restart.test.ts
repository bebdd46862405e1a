import { renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { ofWritten, untilExact } from './support/exact.ts'
import { startExporter } from './support/exporter.ts'
import { fault } from './support/fault.ts'
import { replaceOnSameInode } from './support/same-inode.ts'
import { makePlace, type Place, RECORDS } from './support/scene.ts'

/** Whoever lost the state starts at the end, and then what was there before is missing. */
const startWithState = (t: Test, { root, directory }: Place) =>
  startExporter(t, root, {
    flags: ['--storage.path', join(directory, 'state'), '--start-at', 'end'],
  })

/** Several, as any of them may lose its inode to somebody else. */
const OLD = [0, 1, 2, 3, 4, 5, 6, 7]
const OLD_RECORDS = 200

fault(
  {
    id: 'F-16',
    fault: "stop, delete A, create B on A's inode, larger, same beginning; start",
    expected: 'B from 0, exact',
  },
  async (t) => {
    const place = makePlace(t)
    const { book, open, write, path } = place
    const first = await startWithState(t, place)
    for (const i of OLD) write(`${i}.sqlog`, OLD_RECORDS, { group: 'same' })
    await untilExact(t, first, book, { files: OLD.length })
    await first.running.stop()
    const { size } = statSync(path('0.sqlog'))
    const i = replaceOnSameInode(OLD.map((i) => path(`${i}.sqlog`)))
    renameSync(path(`${i}.sqlog`), path('b.sqlog'))
    const b = open('b.sqlog', { group: 'same' })
    b.write(book.enter(i * OLD_RECORDS, OLD_RECORDS))
    b.append(RECORDS)
    t.ok(statSync(b.path).size > size, 'larger')
    const second = await startWithState(t, place)
    const page = await untilExact(t, second, book, { resets: 1, files: OLD.length - i })
    return `${ofWritten(page, book)} over both`
  },
)

const KILLS = 5

fault(
  {
    id: 'F-34',
    fault: `partial line, SIGKILL, rest written, restart; ${KILLS} times`,
    expected: 'applied exactly once',
  },
  async (t) => {
    const place = makePlace(t)
    const { book, open } = place
    let exporter = await startWithState(t, place)
    const log = open('a.sqlog')
    for (let kill = 1; kill <= KILLS; kill++) {
      log.append(RECORDS / KILLS - 1)
      const record = book.take(1)
      const cut = Math.round((record.length * kill) / (KILLS + 1))
      log.write(record.slice(0, cut))
      await exporter.untilPage('the torn record to wait', (page) => {
        const size = page.value('quic_exporter_source_on_disk_bytes')
        return size === book.written && page.value('quic_exporter_lag_bytes') === cut
      })
      exporter.signal('SIGKILL')
      await exporter.running.ended
      log.write(record.slice(cut))
      exporter = await startWithState(t, place)
    }
    const page = await untilExact(t, exporter, book, { files: 1 })
    return `${ofWritten(page, book)} after ${KILLS} kills`
  },
)
