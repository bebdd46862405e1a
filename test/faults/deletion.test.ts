import { statfsSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { until } from '../support/until.ts'
import { packet } from './support/book.ts'
import { ofWritten, trackedFiles, untilExact } from './support/exact.ts'
import { LONG_GRACE, LONG_GRACE_MS, startExporter } from './support/exporter.ts'
import { exactFault, fault } from './support/fault.ts'
import { LogFile, logFile, over } from './support/log-file.ts'
import { descriptorsOf } from './support/process-facts.ts'
import { makePlace, makeScene, RECORDS } from './support/scene.ts'
import { mountTmpfs } from './support/tmpfs.ts'
import { untilOpen } from './support/until-open.ts'

fault(
  {
    id: 'F-13',
    fault: 'delete while open, writer goes on 3 s',
    expected: 'exact; descriptor closed within grace + 2 s, disk space returned',
  },
  async (t) => {
    // A file system of its own: nobody else takes or returns space there.
    const { book, directory } = makePlace(t)
    const root = join(directory, 'disk')
    mountTmpfs(t, root)
    const exporter = await startExporter(t, root, { flags: LONG_GRACE })
    const free = statfsSync(root).bfree
    const log = logFile(t, book, join(root, 'a.sqlog'))
    log.append(RECORDS / 4)
    const isOpen = () => descriptorsOf(exporter.pid).some((path) => path.startsWith(log.path))
    await untilOpen(exporter, log.path)
    unlinkSync(log.path)
    // With pauses of several sweeps: only the grace keeps it open.
    await over(3000, 6, () => log.append(RECORDS / 8))
    log.close()
    t.ok(isOpen(), 'still open when the writer ends')
    const ended = performance.now()
    await until('the file to be closed', () => !isOpen(), { withinMs: 15_000, everyMs: 10 })
    const seconds = (performance.now() - ended) / 1000
    t.ok(seconds <= LONG_GRACE_MS / 1000 + 2, `closed after ${seconds} s`)
    // A descriptor leaves the list a moment before the kernel lets go of the file.
    const isFree = () => statfsSync(root).bfree === free
    await until('the space to be free again', isFree, { withinMs: 2000, everyMs: 10 })
    const page = await untilExact(t, exporter, book, { files: 0 })
    return `${ofWritten(page, book)}, closed after ${seconds.toFixed(1)} s, space returned`
  },
)

const FILES = 2000
const AT_ONCE = 50
const ALIVE_MS = 1500

exactFault('F-15', '2,000 create-write-delete files, 1.5 s alive each', async (t) => {
  const { book, path, exporter } = await makeScene(t)
  const waves: { readonly names: readonly string[]; readonly at: number }[] = []
  const deleteOld = () => {
    while (waves[0] !== undefined && performance.now() - waves[0].at >= ALIVE_MS) {
      for (const name of waves.shift()?.names ?? []) unlinkSync(path(name))
    }
  }
  let most = 0
  await over(8000, FILES / AT_ONCE, async (wave) => {
    deleteOld()
    const names = Array.from({ length: AT_ONCE }, (_, i) => `${wave}-${i}.sqlog`)
    for (const name of names) {
      const log = new LogFile(book, path(name))
      log.append(RECORDS / FILES)
      log.close()
    }
    waves.push({ names, at: performance.now() })
    if (wave % 10 === 9) most = Math.max(most, trackedFiles(await exporter.scrape()))
  })
  await until('the last files to be old', () => waves.length === 0 || void deleteOld(), {
    withinMs: 10_000,
  })
  const page = await untilExact(t, exporter, book, { files: 0 })
  t.ok(most > AT_ONCE, 'files were tracked meanwhile')
  return `${ofWritten(page, book)}, at most ${most} files tracked, 0 at the end`
})

fault(
  {
    id: 'F-33',
    fault: 'last record without LF, file deleted',
    expected: 'applied once if it parses, else failed{truncated} = 1',
  },
  async (t) => {
    const { book, open, exporter } = await makeScene(t)
    const whole = open('whole.sqlog')
    whole.write(book.take(RECORDS).trimEnd())
    const torn = open('torn.sqlog')
    torn.append(10)
    torn.write(packet(0).slice(0, 100))
    const last = packet(RECORDS - 1).length - 1
    await exporter.untilPage(
      'both unfinished records to wait',
      (page) => page.value('quic_exporter_lag_bytes') === last + 100,
    )
    for (const log of [whole, torn]) {
      log.close()
      unlinkSync(log.path)
    }
    const page = await untilExact(t, exporter, book, { failed: { truncated: 1 }, files: 0 })
    return `${ofWritten(page, book)}, truncated 1`
  },
)
