import { rmdirSync, rmSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { ofWritten, untilExact } from './support/exact.ts'
import { startExporter } from './support/exporter.ts'
import { exactFault } from './support/fault.ts'
import { over } from './support/log-file.ts'
import { makePlace } from './support/scene.ts'
import { untilOpen } from './support/until-open.ts'

exactFault('F-21', 'root absent at start, created after 3 s; removed, recreated', async (t) => {
  const { book, open, root } = makePlace(t)
  rmdirSync(root)
  const exporter = await startExporter(t, root)
  await delay(3000)
  t.equal((await exporter.scrape()).value('quic_exporter_source_up'), 0, 'down while absent')
  const rounds = 3
  for (let round = 0; round < rounds; round++) {
    const log = open('a.sqlog', { group: `${round}` })
    log.append(1500)
    await untilOpen(exporter, log.path)
    if (round < rounds - 1) rmSync(root, { recursive: true })
    await over(800, 8, () => log.append(250))
    log.close()
  }
  const page = await untilExact(t, exporter, book, { files: 1 })
  t.equal(page.value('quic_exporter_source_up'), 1)
  return `${ofWritten(page, book)}, root there ${rounds} times`
})
